import Testing

@testable import Platform

/// Reads the tables as a kernel does.
@Suite("MP tables")
struct MPTableTests {
  private struct Interrupt: Hashable {
    var type, flags, bus, source, destination, pin: UInt8
  }

  private struct Parsed {
    var processors: [(id: UInt8, flags: UInt8)] = []
    var buses: [UInt8: String] = [:]
    var ioapics: [(id: UInt8, address: UInt32)] = []
    var interrupts: [Interrupt] = []
    var local: [Interrupt] = []
  }

  private func word(_ bytes: ArraySlice<UInt8>, _ at: Int, _ count: Int) -> UInt32 {
    (0..<count).reduce(0) { $0 | UInt32(bytes[bytes.startIndex + at + $1]) << UInt32(8 * $1) }
  }

  private func parse(_ table: MPTable) throws -> Parsed {
    let bytes = table.bytes
    #expect(bytes[0..<4].elementsEqual("_MP_".utf8) && bytes[8] == 1 && bytes[9] == 4)
    #expect(bytes[0..<16].reduce(0, &+) == 0)
    #expect(bytes[11..<16].allSatisfy { $0 == 0 }, "no default configuration, no IMCR")
    let start = Int(word(bytes[...], 4, 4)) - Int(table.address)
    let content = bytes[start...]
    try #require(content.prefix(4).elementsEqual("PCMP".utf8))
    #expect(Int(word(content, 4, 2)) == content.count && content.reduce(0, &+) == 0)
    #expect(word(content, 36, 4) == 0xfee0_0000)
    var parsed = Parsed()
    var rest = content.dropFirst(44)
    var (count, last): (UInt32, UInt8) = (0, 0)
    while let type = rest.first {
      #expect(type >= last, "entries are sorted by type")
      let fields = Array(rest.prefix(20))
      switch type {
      case 0: parsed.processors.append((fields[1], fields[3]))
      case 1: parsed.buses[fields[1]] = String(decoding: fields[2..<8], as: UTF8.self)
      case 2: parsed.ioapics.append((fields[1], word(rest, 4, 4)))
      default:
        let interrupt = Interrupt(
          type: fields[1], flags: fields[2], bus: fields[4], source: fields[5], destination: fields[6],
          pin: fields[7])
        if type == 3 { parsed.interrupts.append(interrupt) } else { parsed.local.append(interrupt) }
      }
      rest = rest.dropFirst(type == 0 ? 20 : 8)
      last = type
      count += 1
    }
    #expect(word(content, 34, 2) == count)
    return parsed
  }

  @Test(
    "each processor has its LAPIC, the first one boots, and the IOAPIC has a number of its own",
    arguments: [1, 2, 32, 254])
  func processors(count: Int) throws {
    let parsed = try parse(MPTable(processorCount: count, pciInterrupts: []))
    #expect(parsed.processors.map(\.id) == (0..<count).map { UInt8($0) })
    #expect(parsed.processors.map(\.flags) == [3] + [UInt8](repeating: 1, count: count - 1))
    #expect(parsed.ioapics.count == 1 && parsed.ioapics[0].address == 0xfec0_0000)
    #expect(!parsed.processors.map(\.id).contains(parsed.ioapics[0].id) && parsed.ioapics[0].id < 255)
    #expect(parsed.interrupts.allSatisfy { $0.destination == parsed.ioapics[0].id })
  }

  @Test("each pin has one source: a device on PCI by its level, else the ISA interrupt of that number")
  func interrupts() throws {
    let parsed = try parse(MPTable(processorCount: 2, pciInterrupts: [(3, 11), (4, 10)]))
    let pci = try #require(parsed.buses.first { $0.value == "PCI   " }?.key)
    let isa = try #require(parsed.buses.first { $0.value == "ISA   " }?.key)
    #expect(pci == 0, "as configuration space numbers it")
    #expect(Set(parsed.interrupts.map(\.pin)).count == parsed.interrupts.count)
    #expect(parsed.interrupts.allSatisfy { $0.type == 0 })
    let ofPCI = parsed.interrupts.filter { $0.bus == pci }
    #expect(ofPCI.map { [$0.source, $0.pin, $0.flags] } == [[3 << 2, 11, 13], [4 << 2, 10, 13]])
    let ofISA = parsed.interrupts.filter { $0.bus == isa }
    #expect(ofISA.allSatisfy { $0.source == $0.pin && $0.flags == 0 })
    #expect(Set(ofISA.map(\.source)) == Set(0..<16).subtracting([2, 10, 11]))
    #expect(parsed.local.map { [$0.type, $0.destination, $0.pin] } == [[3, 255, 0], [1, 255, 1]])
  }
}

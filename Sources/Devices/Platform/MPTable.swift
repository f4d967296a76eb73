/// What firmware tells of processors, buses and interrupts in the tables of the MultiProcessor Specification 1.4, chapter
/// 4: the floating pointer structure with the configuration table behind it.
///
/// Kernels that find it leave the 8259s for the IOAPIC and the LAPICs, start the other processors, and take messages.
public struct MPTable: Sendable {
  /// The most processors: LAPICs and the IOAPIC have numbers of their own below 255, which means all LAPICs.
  public static let mostProcessors = 254

  /// Where it is to lie: the BIOS's read-only memory is one of the places where it is looked for.
  public let address: UInt64 = 0xf0000
  public let bytes: [UInt8]

  /// - Parameters:
  ///   - processorCount: 1 to ``mostProcessors``; processor n has the LAPIC n.
  ///   - pciInterrupts: the pin of the IOAPIC at which INTA# of each device on PCI bus 0 arrives. The other pins below 16
  ///     belong to the ISA interrupt of that number.
  public init(processorCount: Int, pciInterrupts: [(device: Int, pin: Int)]) {
    precondition((1...Self.mostProcessors).contains(processorCount))
    let entries =
      (0..<processorCount).map(Self.processor) + [Self.bus(Bus.pci, "PCI   "), Self.bus(Bus.isa, "ISA   ")]
      + [Self.ioapic(processorCount)]
      + Self.interrupts(ioapic: processorCount, pciInterrupts) + Self.localInterrupts
    let table = Self.table(entries)
    bytes = Self.pointer(to: address + 16) + table
  }

  /// PCI buses go by their own numbers.
  private enum Bus {
    static let pci: UInt8 = 0
    static let isa: UInt8 = 1
  }

  /// Section 4.1. Without feature bytes: a configuration table follows, and there is no IMCR, but virtual wire mode.
  private static func pointer(to table: UInt64) -> [UInt8] {
    let structure: [UInt8] = Array("_MP_".utf8) + little(UInt32(table)) + [1, 4] + [0, 0, 0, 0, 0, 0]
    return withChecksum(structure, at: 10)
  }

  /// Section 4.2.
  private static func table(_ entries: [[UInt8]]) -> [UInt8] {
    let headerSize = 44
    let size = headerSize + entries.reduce(0) { $0 + $1.count }
    let header: [UInt8] =
      Array("PCMP".utf8) + little(UInt16(size)) + [4, 0] + Array("SWIFTVMM".utf8) + Array("KVM         ".utf8)
      + little(UInt32(0)) + little(UInt16(0)) + little(UInt16(entries.count)) + little(UInt32(0xfee0_0000))
      + little(UInt16(0)) + [0, 0]
    return withChecksum(header + entries.joined(), at: 7)
  }

  /// Section 4.3.1; of CPUID's words what is true of all: family 6, with FPU and APIC.
  private static func processor(_ number: Int) -> [UInt8] {
    let (version, enabled, bootProcessor): (UInt8, UInt8, UInt8) = (0x14, 1 << 0, 1 << 1)
    return [0, UInt8(number), version, enabled | (number == 0 ? bootProcessor : 0)]
      + little(UInt32(0x600)) + little(UInt32(1 << 0 | 1 << 9)) + [UInt8](repeating: 0, count: 8)
  }

  /// Section 4.3.2.
  private static func bus(_ number: UInt8, _ type: String) -> [UInt8] { [1, number] + Array(type.utf8) }

  /// Section 4.3.3.
  private static func ioapic(_ id: Int) -> [UInt8] {
    let (version, enabled): (UInt8, UInt8) = (0x11, 1)
    return [2, UInt8(id), version, enabled] + little(UInt32(0xfec0_0000))
  }

  /// Section 4.3.4. ISA conforms to its bus, an edge; PCI's lines are levels, active high.
  private static func interrupts(ioapic id: Int, _ pciInterrupts: [(device: Int, pin: Int)]) -> [[UInt8]] {
    let (type, highLevel): (UInt8, UInt8) = (3, 0b11_01)
    let ofPCI: [[UInt8]] = pciInterrupts.map { device, pin in
      [type, 0, highLevel, 0, Bus.pci, UInt8(device << 2), UInt8(id), UInt8(pin)]
    }
    let taken = Set(pciInterrupts.map(\.pin))
    // Interrupt 2 is the cascade of the 8259s.
    let ofISA: [[UInt8]] = (0..<16).filter { $0 != 2 && !taken.contains($0) }.map { number in
      [type, 0, 0, 0, Bus.isa, UInt8(number), UInt8(id), UInt8(number)]
    }
    return ofISA + ofPCI
  }

  /// Section 4.3.5: the 8259s at LINTIN0 (ExtINT), NMI at LINTIN1, of all LAPICs.
  private static let localInterrupts: [[UInt8]] = [
    [4, 3, 0, 0, Bus.isa, 0, 0xff, 0], [4, 1, 0, 0, Bus.isa, 0, 0xff, 1],
  ]

  /// All bytes add up to zero.
  private static func withChecksum(_ bytes: [UInt8], at index: Int) -> [UInt8] {
    var bytes = bytes
    bytes[index] = 0 &- bytes.reduce(0, &+)
    return bytes
  }

  private static func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    (0..<T.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> T($0 * 8)) }
  }
}

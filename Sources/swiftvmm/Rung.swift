import Board
import Console
import Guests
import Presentation
import Report
import VMM

/// One technology of the comparison, with what the study guide claims for it.
struct Rung {
  let name: String
  let image: String
  let words: [String]
  /// The guide's figures, short.
  let guide: String
  /// Why the measurement differs from them.
  let difference: String

  /// - Parameter packets: of each run; batches are as large as the rings of the images allow.
  static func all(packets: Int) -> [Rung] {
    let batch = min(packets, 1024)
    return [
      Rung(
        name: "E1000 naive", image: "e1000-tx", words: ["packets=\(packets)", "driver=naive"],
        guide: "7+ exits/packet, ~100 000/s",
        difference: """
          The guide's steps are address, length, control, then polling. On an 82540EM the address is two registers \
          (TDBAL, TDBAH), the length is the ring's (TDLEN), and a ring set up anew wants its head and tail as well \
          (TDH, TDT) with the transmitter off meanwhile (TCTL twice); the second TDT write sends, one ICR read polls.
          """),
      Rung(
        name: "E1000 tuned", image: "e1000-tx",
        words: ["packets=\(packets)", "batch=\(batch)", "driver=tuned"],
        guide: "(not mentioned)",
        difference: """
          The guide credits batching to virtio, but this NIC's descriptors lie in memory too: one TDT write hands over \
          as many as the ring holds (1024), and completion is a bit in memory. The driver makes the difference.
          """),
      Rung(
        name: "virtio-net one by one", image: "virtio-net-tx", words: ["packets=\(packets)", "batch=1"],
        guide: "4 exits/packet unbatched",
        difference: """
          One kick a packet. Completion is read from the used ring in memory; the guide counts exits for it.
          """),
      Rung(
        name: "virtio-net batches", image: "virtio-net-tx",
        words: ["packets=\(packets)", "batch=\(batch)"],
        guide: "2 exits/1000, ~1 000 000/s",
        difference: """
          One kick a batch of at most 1024, the queue's size. The guide's second exit is the interrupt, which a driver \
          that reads the used ring does without.
          """),
      Rung(
        name: "virtio-net batches, irq", image: "virtio-net-tx",
        words: ["packets=\(packets)", "batch=\(batch)", "irq=1"],
        guide: "2 exits/1000, ~1 000 000/s",
        difference: """
          With the interrupt it is three: over virtio-mmio its handler reads InterruptStatus and writes InterruptACK, two \
          exits where the guide has one.
          """),
    ]
  }
}

/// What the runs of a rung gave.
struct RungResult {
  let rung: Rung
  /// Exits of all devices between the marks.
  let exits: UInt64
  let nicExits: UInt64
  let kicks: UInt64
  let exitsPerPacket: Double
  /// The registers that exited between the marks.
  let registers: [RunReport.WindowRegister]
  /// Packets per second of each run, ascending.
  let rates: [UInt64]
  /// Every run took the same exits.
  let isExact: Bool
  let host: String

  init(_ rung: Rung, packets: Int, runs: Int) throws(Failure) {
    var reports: [RunReport] = []
    for _ in 0..<runs { reports.append(try Self.run(rung, packets: packets)) }
    let first = reports[0]
    guard let nic = first.devices.first(where: { $0.packets != nil }), let window = first.window else {
      throw Failure(status: 1, message: "\(rung.image) set no marks, or has no NIC")
    }
    self.rung = rung
    exits = window.exits.values.reduce(0, +)
    nicExits = window.exits[nic.name] ?? 0
    kicks = nic.kicks ?? 0
    exitsPerPacket = nic.exitsPerPacket ?? 0
    registers = window.registers
    rates = reports.map { UInt64($0.window?.packetsPerSecond ?? 0) }.sorted()
    isExact = reports.allSatisfy { $0.window?.registers == window.registers }
    host = "\(first.host.kvm), \(first.host.cpu)"
  }

  private static func run(_ rung: Rung, packets: Int) throws(Failure) -> RunReport {
    let request = GuestRequest("builtin:\(rung.image)", commandLine: rung.words.joined(separator: " "))
    // The guest's own words are no part of a table.
    let session = try Session(request, output: GuestOutput(descriptor: -1))
    var options = Board.RunOptions()
    // A thousand packets a second is less than the slowest rung does on the slowest host.
    options.timeLimit = .seconds(60 + packets / 1000)
    let report = try session.run(options, counts: nil)
    guard report.outcome.kind == "exited", report.outcome.status == 0 else {
      writeToStandardError(report.text)
      let isFromOutside = ["interrupted", "time-limit", "failed"].contains(report.outcome.kind)
      throw Failure(
        status: isFromOutside ? report.outcome.status : 1, message: "\(rung.name) did not end well")
    }
    return report
  }

  /// The exits register by register, and why they are not what the guide says.
  func explanation(packets: Int) -> [String] {
    let list = registers.map { register in
      let kinds = [("read", register.reads), ("written", register.writes)].filter { $0.1 > 0 }
      return "\(register.name) " + kinds.map { "\($0.0) \(times($0.1, packets))" }.joined(separator: " and ")
    }
    var lines = ["\(rung.name): \(list.joined(separator: ", ")).", "  \(rung.difference)"]
    if exitsPerPacket >= 1 {
      let rate = Double(rates[rates.count / 2])
      lines.append(
        "  At this rate an exit, with the guest's work before it, takes \(decimal(1e6 / (rate * exitsPerPacket), 1)) us; "
          + "the guide reckons with 1.2.")
    }
    return lines
  }

  private func times(_ count: UInt64, _ packets: Int) -> String {
    let perPacket = count / UInt64(packets)
    return perPacket > 0 && count % UInt64(packets) == 0
      ? "\(perPacket) a packet" : "\(grouped(count)) in all"
  }
}

import Board
import Console
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

  static func all(packets: Int) -> [Rung] {
    [
      Rung(
        name: "E1000 naive", image: "e1000-tx", words: ["packets=\(packets)", "driver=naive"],
        guide: "7+ exits/packet, ~100 000/s",
        difference:
          "the guide's \"write the address\" is two registers on a real 82540EM (TDBAL and TDBAH), and its ring "
          + "needs length, head and tail beside: the sequence is the guide's, the register count the hardware's."
      ),
      Rung(
        name: "E1000 tuned", image: "e1000-tx",
        words: ["packets=\(packets)", "batch=\(packets)", "driver=tuned"],
        guide: "(not mentioned)",
        difference:
          "descriptors lie in memory on this 1999 hardware too, so one TDT write hands over a whole batch: most "
          + "of the guide's gain comes from the driver, not from virtio."),
      Rung(
        name: "virtio-net one by one", image: "virtio-net-tx", words: ["packets=\(packets)", "batch=1"],
        guide: "4 exits/packet without a batch",
        difference: "one kick a packet; completion is read from the used ring in memory, without the "
          + "interrupt that the guide counts in."),
      Rung(
        name: "virtio-net batches", image: "virtio-net-tx",
        words: ["packets=\(packets)", "batch=\(packets)"],
        guide: "2 exits/1000 packets, ~1 000 000/s",
        difference:
          "one kick a batch (at most 1024 packets, the queue's size); the guide's second exit is the "
          + "interrupt, which a driver that reads the used ring does without."),
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
  /// Accesses to each register of the NIC over the whole run.
  let registers: [RunReport.RegisterReport]
  /// Packets per second of each run, ascending.
  let rates: [UInt64]
  /// Every run took the same exits.
  let isExact: Bool
  let host: String

  init(_ rung: Rung, runs: Int) throws(Failure) {
    var reports: [RunReport] = []
    for _ in 0..<runs { reports.append(try Self.run(rung)) }
    let first = reports[0]
    guard let nic = first.devices.first(where: { $0.packets != nil }), let window = first.window else {
      throw Failure(status: 1, message: "\(rung.image) set no marks, or has no NIC")
    }
    self.rung = rung
    exits = window.exits.values.reduce(0, +)
    nicExits = window.exits[nic.name] ?? 0
    kicks = nic.kicks ?? 0
    exitsPerPacket = nic.exitsPerPacket ?? 0
    registers = nic.registers
    rates = reports.map { UInt64($0.window?.packetsPerSecond ?? 0) }.sorted()
    isExact = reports.allSatisfy { $0.window?.exits == window.exits }
    host = "\(first.host.kvm), \(first.host.cpu)"
  }

  private static func run(_ rung: Rung) throws(Failure) -> RunReport {
    let request = GuestRequest("builtin:\(rung.image)", commandLine: rung.words.joined(separator: " "))
    // The guest's own words are no part of a table.
    let session = try Session(request, output: GuestOutput(descriptor: -1))
    let report = try session.run(Board.RunOptions(), counts: nil)
    guard report.outcome.kind == "exited", report.outcome.status == 0 else {
      writeToStandardError(report.text)
      throw Failure(status: 1, message: "\(rung.name) did not end well")
    }
    return report
  }

  /// The exits register by register, and why they are not what the guide says.
  var explanation: [String] {
    let busy = registers.filter { $0.exits > 0 }.sorted { $0.exits > $1.exits }
    let list = busy.prefix(8).map { "\($0.name) \(grouped($0.exits))" }.joined(separator: ", ")
    return ["\(rung.name): \(list).", "  Against the guide: \(rung.difference)"]
  }
}

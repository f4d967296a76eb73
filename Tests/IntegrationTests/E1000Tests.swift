import Report
import TestSupport
import Testing

/// What each driver of GuestImages/runtime/e1000_transmit.c costs, register by register.
@Suite("The E1000's drivers take exactly the exits of their register accesses", .requiresKVM)
struct E1000Tests {
  /// The E1000's part of the report of a run that ended well: each packet arrived, whole and in order.
  static func run(_ image: String, packets: UInt64, _ words: String...) throws -> (
    RunReport, RunReport.DeviceReport
  ) {
    let run = try Swiftvmm.boot(["builtin:\(image)", "packets=\(packets)"] + words)
    #expect(run.status == 0, "\(run.errors)")
    let what = image == "e1000-tx" ? "sent" : "came back"
    #expect(run.text == "\(image): \(packets) packets \(what)\n")
    let report = try run.report
    let nic = try report.device("e1000")
    #expect(nic.packets?.list == [packets, image == "e1000-echo" ? packets : 0, 0, 0, 0])
    #expect(nic.faults.isEmpty)
    return (report, nic)
  }

  /// Accesses outside the measured window: the reset, and the check at the end.
  private static let setUp: [String: Counts] = [
    "CTRL": Counts(reads: 1, writes: 2), "IMC": Counts(writes: 2), "TIPG": Counts(writes: 1),
    "TDH": Counts(reads: 1), "TDT": Counts(reads: 1), "ICR": Counts(reads: 1),
  ]
  /// Programming the transmit ring once.
  private static let ring: [String: Counts] = [
    "TCTL": Counts(writes: 2), "TDBAL": Counts(writes: 1), "TDBAH": Counts(writes: 1),
    "TDLEN": Counts(writes: 1),
    "TDH": Counts(writes: 1), "TDT": Counts(writes: 1),
  ]

  @Test("naive: nine a packet, as the study guide's sequence has it", arguments: [1, 100, 2000])
  func naive(packets: UInt64) throws {
    let (report, nic) = try Self.run("e1000-tx", packets: packets, "driver=naive")
    var expected = Self.setUp
    for (name, counts) in Self.ring { expected[name, default: Counts()] += counts * packets }
    expected["TDT"]! += Counts(writes: packets)
    expected["ICR"]! += Counts(reads: packets)
    #expect(nic.counts == expected)
    #expect(report.window?.exits == ["e1000": 9 * packets])
    #expect(report.window?.packets == packets)
    #expect(nic.exitsPerPacket == 9)
    #expect((nic.kicks, nic.interrupts) == (packets, 0))
  }

  @Test("tuned: TDT written once a batch", arguments: [1, 32, 1000])
  func tuned(batch: UInt64) throws {
    let packets: UInt64 = 2000
    let batches = (packets + batch - 1) / batch
    let (report, nic) = try Self.run("e1000-tx", packets: packets, "driver=tuned", "batch=\(batch)")
    var expected = Self.setUp.merging(Self.ring) { $0 + $1 }
    expected["TDT"]! += Counts(writes: batches)
    #expect(nic.counts == expected)
    #expect(report.window?.exits == ["e1000": batches])
    #expect((nic.kicks, nic.interrupts) == (batches, 0))
  }

  @Test("interrupt: TDT written and ICR read once a batch", arguments: [1, 32, 1000])
  func interrupt(batch: UInt64) throws {
    let packets: UInt64 = 2000
    let batches = (packets + batch - 1) / batch
    let (report, nic) = try Self.run("e1000-tx", packets: packets, "driver=interrupt", "batch=\(batch)")
    var expected = Self.setUp.merging(Self.ring) { $0 + $1 }
    expected["TDT"]! += Counts(writes: batches)
    expected["ICR"]! += Counts(reads: batches)
    expected["IMS"] = Counts(writes: 1)
    #expect(nic.counts == expected)
    #expect(report.window?.exits == ["e1000": 2 * batches])
    #expect((nic.kicks, nic.interrupts) == (batches, batches))
  }

  @Test(
    "echo: eleven a packet for naive, one more a batch than for sending alone for the others",
    arguments: [("naive", 1, 11), ("tuned", 25, 2), ("interrupt", 25, 3)])
  func echo(driver: String, batch: UInt64, exits: UInt64) throws {
    let packets: UInt64 = 500
    let (report, nic) = try Self.run("e1000-echo", packets: packets, "driver=\(driver)", "batch=\(batch)")
    #expect(report.window?.exits == ["e1000": packets / batch * exits])
    #expect(nic.counts["RDT"] == Counts(writes: 1 + packets / batch))
    #expect(nic.kicks == packets / batch)
    #expect(nic.interrupts == (driver == "interrupt" ? packets / batch : 0))
  }

  @Test("Frames of every size arrive whole", arguments: ["e1000-tx", "e1000-echo"], [60, 64, 1512])
  func sizes(image: String, size: Int) throws {
    _ = try Self.run(image, packets: 300, "driver=tuned", "batch=100", "size=\(size)")
  }

  @Test(
    "100 000 packets in batches, and 2000 one by one, without losing one",
    arguments: ["e1000-tx", "e1000-echo"])
  func many(image: String) throws {
    _ = try Self.run(image, packets: 100_000, "driver=tuned", "batch=1000")
    _ = try Self.run(image, packets: 2000, "driver=interrupt", "batch=1")
  }
}

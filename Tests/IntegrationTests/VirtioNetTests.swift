import Report
import TestSupport
import Testing

@Suite("virtio-net takes an exit a kick, and two an interrupt", .requiresKVM)
struct VirtioNetTests {
  /// As ``E1000Tests/run(_:packets:_:)``.
  static func run(_ image: String, packets: UInt64, _ words: String...) throws -> (
    RunReport, RunReport.DeviceReport
  ) {
    let run = try Swiftvmm.boot(["builtin:\(image)", "packets=\(packets)"] + words)
    #expect(run.status == 0, "\(run.errors)")
    let what = image == "virtio-net-tx" ? "sent" : "came back"
    #expect(run.text == "\(image): \(packets) packets \(what)\n")
    let report = try run.report
    let nic = try report.device("virtio-net")
    #expect(nic.packets?.list == [packets, image == "virtio-net-echo" ? packets : 0, 0, 0, 0])
    #expect(nic.faults.isEmpty)
    return (report, nic)
  }

  @Test("1000 packets in one kick")
  func oneKick() throws {
    let (report, nic) = try Self.run("virtio-net-tx", packets: 1000)
    #expect(nic.counts["QueueNotify"] == Counts(writes: 1))
    #expect(report.window?.exits == ["virtio-net": 1])
    #expect(report.window?.packets == 1000)
    #expect((nic.kicks, nic.interrupts, nic.exitsPerPacket) == (1, 0, 0.001))
  }

  @Test("With interrupts one InterruptStatus and one InterruptACK a batch", arguments: [1, 10])
  func interrupts(batches: UInt64) throws {
    let (report, nic) = try Self.run("virtio-net-tx", packets: 1000 * batches, "irq=1")
    #expect(nic.counts["QueueNotify"] == Counts(writes: batches))
    #expect(nic.counts["InterruptStatus"] == Counts(reads: batches))
    #expect(nic.counts["InterruptACK"] == Counts(writes: batches))
    #expect(report.window?.exits == ["virtio-net": 3 * batches])
    #expect((nic.kicks, nic.interrupts) == (batches, batches))
  }

  @Test("One kick a batch, whatever its size", arguments: [1, 7, 1000, 1024])
  func batches(batch: UInt64) throws {
    let packets: UInt64 = 2048
    let (report, nic) = try Self.run("virtio-net-tx", packets: packets, "batch=\(batch)")
    #expect(report.window?.exits == ["virtio-net": (packets + batch - 1) / batch])
    #expect(nic.kicks == (packets + batch - 1) / batch)
  }

  /// Receive buffers are there before frames wait for them, so that nobody wants to hear of those that come back.
  @Test("echo: a kick a batch, and two more exits with an interrupt", arguments: [(0, 1), (1, 3)])
  func echo(irq: Int, exits: UInt64) throws {
    let (report, nic) = try Self.run("virtio-net-echo", packets: 512, "batch=64", "irq=\(irq)")
    #expect(report.window?.exits == ["virtio-net": 8 * exits])
    #expect(nic.kicks == 1 + 8, "the first buffers were told of before the window")
    #expect(nic.interrupts == (irq == 1 ? 8 : 0))
  }

  @Test(
    "Frames of every size arrive whole", arguments: ["virtio-net-tx", "virtio-net-echo"], [60, 64, 1512])
  func sizes(image: String, size: Int) throws {
    _ = try Self.run(image, packets: 300, "batch=100", "size=\(size)")
  }

  @Test(
    "100 000 packets in batches, and 2000 one by one, without losing one",
    arguments: ["virtio-net-tx", "virtio-net-echo"])
  func many(image: String) throws {
    _ = try Self.run(image, packets: 100_000, "batch=256")
    _ = try Self.run(image, packets: 2000, "batch=1", "irq=1")
  }
}

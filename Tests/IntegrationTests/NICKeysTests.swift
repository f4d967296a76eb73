import TestSupport
import Testing

@Suite("The NIC images' keys do what they say", .requiresKVM)
struct NICKeysTests {
  @Test("doorbell=each: TDT written for every packet, and a read a batch", arguments: [1, 32, 1000])
  func eachDoorbell(batch: UInt64) throws {
    let packets: UInt64 = 2000
    let batches = (packets + batch - 1) / batch
    let (report, nic) = try E1000Tests.run(
      "e1000-tx", packets: packets, "driver=tuned", "doorbell=each", "batch=\(batch)")
    #expect(report.window?.exits == ["e1000": packets + batches])
    #expect(nic.counts["TDT"] == Counts(reads: 1, writes: 1 + packets))
    #expect(nic.counts["STATUS"] == Counts(reads: batches))
  }

  @Test("irq=1 makes the tuned driver the one with interrupts, and the naive one refuses it")
  func interrupts() throws {
    let (report, nic) = try E1000Tests.run("e1000-tx", packets: 320, "driver=tuned", "irq=1")
    #expect(report.window?.exits == ["e1000": 20])
    #expect(nic.interrupts == 10)
    let naive = try Swiftvmm.boot("builtin:e1000-tx", "irq=1")
    #expect((naive.status, naive.text) == (1, "driver=naive polls ICR; irq=1 goes with driver=tuned\n"))
  }

  @Test(
    "latency=1 times each packet on its own, and the figures are in order",
    arguments: [("e1000-echo", "driver=tuned", 2), ("virtio-net-echo", "irq=0", 1)])
  func latency(image: String, word: String, exits: UInt64) throws {
    let run = try Swiftvmm.boot("builtin:\(image)", "packets=200", "latency=1", word)
    #expect(run.status == 0, "\(run.errors)")
    let lines = run.text.split(separator: "\n")
    #expect(lines.first == "\(image): 200 packets came back")
    #expect(
      try run.report.window?.exits == [image == "e1000-echo" ? "e1000" : "virtio-net": 200 * exits])
    let pattern = /latency: median (\d+) ns, 99% (\d+) ns, min (\d+) ns, max (\d+) ns/
    let figures = try #require(lines.last?.wholeMatch(of: pattern)?.output)
    let (median, most, least, maximum) = (
      UInt64(figures.1)!, UInt64(figures.2)!, UInt64(figures.3)!, UInt64(figures.4)!
    )
    #expect(0 < least && least <= median && median <= most && most <= maximum)
  }

  @Test("A size that only large frames have asks for tso=1", arguments: ["e1000-tx", "virtio-net-tx"])
  func sizes(image: String) throws {
    let run = try Swiftvmm.boot("builtin:\(image)", "size=1515")
    #expect(
      (run.status, run.text)
        == (1, "size=1515 goes with tso=1; without, frames have at most 1514 bytes\n"))
  }
}

import Foundation
import HostFacts
import Report
import TestSupport
import Testing

/// `boot --witness`: the ledger, KVM's statistics and KVM's tracepoints on real guests.
@Suite(.requiresKVM) struct BootWitnessTests {
  /// Every built-in image, each in the ways in which it takes different exits.
  private static let guests = [
    "hello", "exits io=50 mmio=40 cpuid=30 hlt=20 rdmsr=10",
    "exits --cpus 2 io=50 mmio=40 cpuid=30 hlt=20 rdmsr=10",
    "exits --irqchip none io=50 mmio=40 cpuid=30 hlt=20 rdmsr=10", "string-io mode=in", "string-io mode=out",
    "spin --time-limit 0.2", "triple-fault", "bad-opcode", "e1000-tx packets=20 driver=naive",
    "e1000-tx packets=20 driver=tuned", "e1000-tx packets=20 driver=interrupt", "e1000-echo packets=20",
    "virtio-net-tx packets=20 batch=1 irq=1", "virtio-net-tx packets=200 batch=100",
    "virtio-net-echo packets=20",
    "e1000-tx packets=20 driver=naive window=port",
    "e1000-tx packets=20 driver=naive --nic e1000,coalesced=quiet",
    "e1000-tx packets=200 driver=tuned doorbell=each batch=200 --nic e1000,coalesced=doorbell",
    "e1000-tx packets=5 driver=tuned tso=1", "e1000-rx packets=20 driver=interrupt batch=5",
    "virtio-net-tx packets=20 batch=5 irq=1 vector=intx --nic virtio-net-pci",
    "virtio-net-tx packets=20 batch=5 irq=1 event_idx=1 indirect=1 --nic virtio-net-pci",
    "virtio-net-tx packets=200 batch=50 irq=1 event_idx=1 --nic virtio-net-pci,queue=thread",
    "virtio-net-tx packets=200 batch=50 irq=1 --nic virtio-net-mmio,queue=thread",
    "virtio-net-tx packets=200 batch=50 irq=1 --nic virtio-net-pci,queue=thread,ioeventfd=off",
    "virtio-net-tx packets=200 batch=50 --nic virtio-net-pci,queue=poll",
    "virtio-net-tx packets=200 batch=50 irq=1 --nic virtio-net-pci,queue=adaptive",
    "e1000-tx packets=20 driver=interrupt vector=msi",
    "e1000-tx packets=99 driver=interrupt vector=msi itr=500",
    "virtio-net-rx packets=20 batch=5 irq=1 --nic virtio-net-pci,backend=source",
    "virtio-net-rx packets=5 batch=5 tso=1 mergeable=1 --nic virtio-net-pci,backend=source,size=65214",
    "virtio-net-echo packets=20 batch=5 irq=1 --nic virtio-net-pci,backend=reflector,queue=thread",
    "hostile-nic", "bench op=out at=1520 count=10 batches=2",
    "bench op=cpuid cpl=0 count=10 batches=2", "survey op=cr3 count=20 cpl=0",
    "survey op=out count=20 at=1520", "survey op=fault count=20 at=4294967296",
    "survey op=halt count=20 at=200000",
  ]
  /// On a PVM host the instruction never ends.
  private static let hypercalls = HostKind.current == .pvm ? [] : ["survey op=hypercall count=20 cpl=0"]

  private func run(_ guest: String, in folder: Scratch, _ name: String, under wrapper: [String] = []) throws
    -> RunReport
  {
    let words = guest.split(separator: " ").map(String.init)
    return try Swiftvmm.run(
      ["boot", "builtin:\(words[0])"] + words.dropFirst() + ["--witness", "--json", folder.path(name)],
      under: wrapper
    ).report
  }

  @Test(arguments: Lab.bearable(guests) + hypercalls) func `all witnesses agree, in each of twenty runs`(
    guest: String
  )
    throws
  {
    let folder = try Scratch()
    let runs = Lab.repetitions(20)
    let threads = min(4, runs)
    let reports = Collected<RunReport>()
    onThreads(threads) { thread in
      for number in 0..<(runs / threads) {
        do { reports.add(try run(guest, in: folder, "\(thread)-\(number)")) } catch { Issue.record(error) }
      }
    }
    #expect(reports.all.count == runs)
    for report in reports.all {
      let witness = try #require(report.witness)
      #expect(witness.differing.map { "\($0.subject): \($0)" } == [])
      if geteuid() == 0 {
        #expect(witness.lines.first?.difference == 0, "the tracepoints were asked")
        // A guest that moves windows is one of which an address alone does not tell whose it was.
        let missing = witness.unavailable.keys.filter { $0 != "kvm_exit" }
        #expect(missing.isEmpty || guest == "hostile-nic", "\(witness.unavailable)")
      }
    }
  }

  @Test func `every image is among them`() throws {
    let list = try Swiftvmm.run(["images"]).text
    let names = list.split(separator: "\n").filter { $0.hasPrefix("builtin:") }.map {
      String($0.dropFirst("builtin:".count).prefix { $0 != " " })
    }
    let tried = Set(Self.guests.map { String($0.prefix { $0 != " " }) })
    #expect(Set(names).subtracting(tried) == [])
  }

  @Test func `who answered each device is told`() throws {
    let folder = try Scratch()
    let report = try run("virtio-net-tx packets=20 batch=1 irq=1", in: folder, "json")
    let witness = try #require(report.witness)
    let nic = try #require(witness.devices.first { $0.name == "virtio-net" })
    #expect(nic.userSpace == report.devices.first { $0.name == "virtio-net" }?.exits)
    #expect(nic.kernel == 0)
    #expect(nic.interrupts == 20)
    // An EOI each, and what sets the LAPIC up.
    if geteuid() == 0 { #expect(witness.devices.first { $0.name == "lapic" }?.kernel ?? 0 >= 20) }
  }

  @Test(arguments: [
    ("e1000-tx packets=20 driver=interrupt batch=1 vector=msi", "e1000"),
    ("virtio-net-tx packets=20 batch=1 irq=1 --nic virtio-net-pci", "virtio-net-pci"),
  ])
  func `interrupts that are messages have witnesses too`(guest: String, nic: String) throws {
    let folder = try Scratch()
    let witness = try #require(try run(guest, in: folder, "json").witness)
    #expect(witness.devices.first { $0.name == nic }?.interrupts == 20)
    let line = try #require(witness.lines.first { $0.subject == "interrupt messages" })
    #expect(line.ledger == 20)
    if geteuid() == 0 { #expect(line.tracepoints == 20) }
  }

  @Test func `without the right to trace, the ledger and the statistics remain, and the reason is given`()
    throws
  {
    let folder = try Scratch()
    let report = try run(
      "exits mmio=30", in: folder, "json", under: ["setpriv", "--bounding-set=-sys_admin,-perfmon"])
    let witness = try #require(report.witness)
    #expect(report.outcome.status == 0)
    #expect(witness.unavailable["kvm_mmio"]?.isEmpty == false)
    #expect(witness.lines.allSatisfy { $0.tracepoints == nil })
    let mmio = witness.lines.first { $0.subject == "exits to user space: mmio" }
    #expect(mmio?.ledger == 30 && mmio?.statistics == 30 && mmio?.difference == 0)
  }

  @Test func `the table says that they agree`() throws {
    let run = try Swiftvmm.run(["boot", "builtin:exits", "io=7", "--witness"])
    #expect(run.errors.contains("they agree in all"))
    #expect(run.errors.contains("exits to user space: io"))
  }
}

/// What several threads found.
private final class Collected<Value>: @unchecked Sendable {
  private let lock = NSLock()
  private var values: [Value] = []

  func add(_ value: Value) { lock.withLock { values.append(value) } }
  var all: [Value] { lock.withLock { values } }
}

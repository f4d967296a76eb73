import Report
import TestSupport
import Testing

/// A guest, its NIC, and what that must cost between the marks.
struct NICWay: Sendable, CustomTestStringConvertible {
  /// The image and its words.
  let guest: String
  let nic: String
  let exits: UInt64
  let kicks: UInt64
  let interrupts: UInt64
  let coalesced: UInt64

  init(
    _ guest: String, _ nic: String, exits: UInt64, kicks: UInt64 = 0, interrupts: UInt64 = 0,
    coalesced: UInt64 = 0
  ) {
    self.guest = guest
    self.nic = nic
    self.exits = exits
    self.kicks = kicks
    self.interrupts = interrupts
    self.coalesced = coalesced
  }

  var testDescription: String { "\(guest) --nic \(nic)" }

  var image: String { String(guest.prefix { $0 != " " }) }

  /// The number behind a key of the guest's words.
  func number(_ key: String) -> UInt64? {
    guest.split(separator: " ").first { $0.hasPrefix(key + "=") }.flatMap {
      UInt64($0.dropFirst(key.count + 1))
    }
  }

  /// As the report calls it.
  var device: String {
    let model = String(nic.prefix { $0 != "," })
    return model == "virtio-net-mmio" ? "virtio-net" : model
  }

  /// Boots it; each packet arrived, whole and in order.
  func run() throws -> RunReport.WindowReport {
    let run = try Swiftvmm.boot(
      ["builtin:" + image] + guest.split(separator: " ").dropFirst().map(String.init) + ["--nic", nic])
    #expect(run.status == 0, "\(run.errors)")
    let packets = try #require(number("packets"))
    let what = image.hasSuffix("tx") ? "sent" : image.hasSuffix("rx") ? "received" : "came back"
    #expect(run.text == "\(image): \(packets) packets \(what)\n")
    let report = try run.report
    let nic = try report.device(device)
    #expect(nic.faults == [])
    let counted = try #require(nic.packets)
    #expect([counted.lost, counted.corrupt, counted.dropped] == [0, 0, 0])
    // The card cuts a large frame into 45; virtio leaves that to whoever takes it.
    let frames = device == "e1000" && number("tso") == 1 ? 45 * packets : packets
    #expect(counted.tx == (image.hasSuffix("rx") ? 0 : frames))
    // A source fills every buffer that there is, also those behind the last packet that the guest waits for.
    if image.hasSuffix("rx") { #expect(counted.rx >= packets) }
    if image.hasSuffix("echo") { #expect(counted.rx == packets) }
    return try #require(report.window)
  }
}

@Suite("Each way to use a NIC takes exactly its exits", .requiresKVM)
struct NICWaysTests {
  /// Three batches of 32.
  private static let e1000Ways = [
    NICWay("e1000-tx packets=50 driver=naive window=port", "e1000", exits: 18 * 50, kicks: 50),
    NICWay("e1000-tx packets=96 driver=tuned window=port", "e1000", exits: 2 * 3, kicks: 3),
    NICWay(
      "e1000-tx packets=96 driver=interrupt window=port", "e1000", exits: 6 * 3, kicks: 3, interrupts: 3),
    NICWay(
      "e1000-echo packets=96 driver=interrupt window=port", "e1000,backend=reflector", exits: 8 * 3,
      kicks: 3, interrupts: 3),
    // A message spares the read of ICR nothing, but the wire is not driven.
    NICWay(
      "e1000-tx packets=96 driver=interrupt vector=msi", "e1000", exits: 2 * 3, kicks: 3, interrupts: 3),
    NICWay(
      "e1000-tx packets=96 driver=interrupt vector=msi window=port", "e1000", exits: 6 * 3, kicks: 3,
      interrupts: 3),
    NICWay(
      "e1000-echo packets=96 driver=interrupt vector=msi", "e1000,backend=reflector", exits: 3 * 3,
      kicks: 3, interrupts: 3),
    NICWay(
      "e1000-rx packets=96 driver=interrupt vector=msi", "e1000,backend=source", exits: 2 * 3, interrupts: 3),
    NICWay("e1000-rx packets=96 driver=tuned window=port", "e1000,backend=source", exits: 2 * 3),
    // TDBAL, TDBAH, TDLEN and TDH wait in KVM's ring.
    NICWay(
      "e1000-tx packets=50 driver=naive", "e1000,coalesced=quiet", exits: 5 * 50, kicks: 50, coalesced: 4 * 50
    ),
    // Ports have no ring here.
    NICWay(
      "e1000-tx packets=20 driver=naive window=port", "e1000,coalesced=quiet", exits: 18 * 20, kicks: 20),
    NICWay(
      "e1000-tx packets=96 driver=tuned doorbell=each", "e1000,coalesced=doorbell", exits: 3, kicks: 96,
      coalesced: 96),
    // KVM's ring holds 169: the 170th write is an exit, and STATUS another.
    NICWay(
      "e1000-tx packets=338 driver=tuned doorbell=each batch=169", "e1000,coalesced=doorbell", exits: 2,
      kicks: 338, coalesced: 338),
    NICWay(
      "e1000-tx packets=340 driver=tuned doorbell=each batch=170", "e1000,coalesced=doorbell", exits: 4,
      kicks: 340, coalesced: 338),
    // One for the first buffers, then RDH read and RDT written for each.
    NICWay("e1000-rx packets=50 driver=naive", "e1000,backend=source", exits: 1 + 2 * 50),
    NICWay("e1000-rx packets=96 driver=tuned size=60", "e1000,backend=source", exits: 3),
    NICWay("e1000-rx packets=96 driver=tuned size=1514", "e1000,backend=source,size=1514", exits: 3),
    NICWay(
      "e1000-rx packets=96 driver=interrupt size=1514", "e1000,backend=source,size=1514", exits: 2 * 3,
      interrupts: 3),
    NICWay("e1000-tx packets=10 driver=naive tso=1", "e1000", exits: 9 * 10, kicks: 10),
    NICWay("e1000-tx packets=10 driver=tuned tso=1 batch=1", "e1000", exits: 10, kicks: 10),
    NICWay(
      "e1000-tx packets=10 driver=interrupt tso=1 batch=5", "e1000", exits: 2 * 2, kicks: 2, interrupts: 2),
  ]

  @Test("E1000", arguments: e1000Ways)
  func e1000(way: NICWay) throws {
    try check(way)
  }

  /// How a queue's driver waits, with what a batch costs: a kick each, and the handler's accesses.
  private static let waits: [(words: String, model: String, exits: UInt64, interrupts: UInt64)] = [
    ("", "virtio-net-pci", 1, 0),
    ("event_idx=1", "virtio-net-pci", 1, 0),
    ("irq=1 vector=intx", "virtio-net-pci", 2, 1),
    ("irq=1 vector=msix", "virtio-net-pci", 1, 1),
    ("irq=1 vector=msix event_idx=1", "virtio-net-pci", 1, 1),
    ("irq=1 vector=intx event_idx=1 indirect=1 mergeable=1", "virtio-net-pci", 2, 1),
    ("irq=1 event_idx=1", "virtio-net-mmio", 3, 1),
    ("indirect=1 mergeable=1", "virtio-net-mmio", 1, 0),
  ]

  /// Each in each direction, in three batches of 32.
  private static let virtioWays = [("tx", "sink"), ("rx", "source"), ("echo", "reflector")].flatMap {
    direction, backend in
    waits.map { wait in
      NICWay(
        "virtio-net-\(direction) packets=96 batch=32 \(wait.words)", "\(wait.model),backend=\(backend)",
        exits: 3 * wait.exits, kicks: 3, interrupts: 3 * wait.interrupts)
    }
  }

  @Test("virtio-net, served by the vCPU", arguments: virtioWays)
  func virtio(way: NICWay) throws {
    try check(way)
  }

  /// Frames of a stream, five a kick; odd sizes, and buffers of one and several pieces.
  private static let sizesWays =
    [
      NICWay("virtio-net-tx packets=10 batch=5 tso=1", "virtio-net-pci", exits: 2, kicks: 2),
      NICWay(
        "virtio-net-tx packets=10 batch=5 tso=1 irq=1 event_idx=1 indirect=1", "virtio-net-pci", exits: 2,
        kicks: 2, interrupts: 2),
      NICWay(
        "virtio-net-rx packets=10 batch=5 tso=1 size=65214", "virtio-net-pci,backend=source,size=65214",
        exits: 2, kicks: 2),
      NICWay(
        "virtio-net-rx packets=10 batch=5 tso=1 mergeable=1 size=65214",
        "virtio-net-pci,backend=source,size=65214", exits: 2, kicks: 2),
      NICWay(
        "virtio-net-echo packets=10 batch=5 tso=1", "virtio-net-pci,backend=reflector", exits: 2, kicks: 2),
      NICWay(
        "virtio-net-echo packets=10 batch=5 tso=1 mergeable=1", "virtio-net-pci,backend=reflector", exits: 2,
        kicks: 2),
      // Who does not take them whole gets their segments.
      NICWay(
        "virtio-net-rx packets=90 batch=45 size=1502", "virtio-net-pci,backend=source,size=65214", exits: 2,
        kicks: 2),
    ]
    + [1513, 1514].flatMap { size in
      [
        NICWay("e1000-tx packets=20 driver=tuned size=\(size)", "e1000", exits: 1, kicks: 1),
        NICWay(
          "e1000-echo packets=20 driver=tuned size=\(size)", "e1000,backend=reflector", exits: 2, kicks: 1),
        NICWay("virtio-net-tx packets=20 batch=5 size=\(size)", "virtio-net-pci", exits: 4, kicks: 4),
        NICWay(
          "virtio-net-rx packets=20 batch=5 size=\(size)", "virtio-net-pci,backend=source,size=\(size)",
          exits: 4, kicks: 4),
        NICWay(
          "virtio-net-echo packets=20 batch=5 mergeable=1 size=\(size)", "virtio-net-pci,backend=reflector",
          exits: 4, kicks: 4),
      ]
    }

  @Test("Large frames, and the largest without jumbo frames", arguments: sizesWays)
  func sizes(way: NICWay) throws {
    try check(way)
  }

  @Test(
    "Without LAPICs nothing takes messages, and the capabilities are not there",
    arguments: [
      ("e1000-tx driver=interrupt vector=msi", "this E1000 has no MSI"),
      ("virtio-net-tx irq=1 --nic virtio-net-pci", "the virtio device on PCI has no MSI-X"),
    ])
  func noMessages(guest: String, line: String) throws {
    let run = try Swiftvmm.boot(
      ["builtin:" + guest, "--irqchip none"].flatMap { $0.split(separator: " ").map(String.init) })
    #expect((run.status, run.text) == (1, line + "\n"))
  }

  private func check(_ way: NICWay) throws {
    let window = try way.run()
    #expect(window.exits == (way.exits == 0 ? [:] : [way.device: way.exits]))
    #expect(
      [window.kicks, window.interrupts, window.coalesced] == [way.kicks, way.interrupts, way.coalesced])
  }

  // MARK: Served by a thread

  @Test(
    "1000 packets behind ioeventfd and irqfd: a kick, at most an interrupt, nothing in user space",
    arguments: ["", "event_idx=1"])
  func eventDescriptors(words: String) throws {
    let window = try NICWay(
      "virtio-net-tx packets=1000 batch=1000 irq=1 vector=msix \(words)", "virtio-net-pci,queue=thread",
      exits: 0
    ).run()
    #expect(window.exits == [:])
    #expect(window.registers.isEmpty)
    #expect(window.kicks == 1)
    #expect(window.interrupts <= 1)
    #expect(window.packets == 1000)
  }

  /// The thread decides how many it serves at a time: fewer kicks than batches, never more.
  @Test(
    "Nothing comes to user space in any direction",
    arguments: [
      NICWay(
        "virtio-net-rx packets=96 batch=32 irq=1 event_idx=1", "virtio-net-pci,backend=source,queue=thread",
        exits: 0),
      NICWay(
        "virtio-net-echo packets=96 batch=32 irq=1 event_idx=1",
        "virtio-net-pci,backend=reflector,queue=thread", exits: 0),
      NICWay("virtio-net-tx packets=10 batch=5 tso=1", "virtio-net-pci,queue=thread", exits: 0),
      NICWay("virtio-net-tx packets=96 batch=32", "virtio-net-mmio,queue=thread", exits: 0),
      // What comes ends just where a turn of the thread does: nothing follows that could bring the notification.
      NICWay(
        "virtio-net-rx packets=128 batch=128 irq=1", "virtio-net-pci,backend=source,frames=128,queue=thread",
        exits: 0),
    ])
  func thread(way: NICWay) throws {
    let window = try way.run()
    #expect(window.exits == [:])
    #expect(window.kicks > 0)
  }

  /// The thread may find a packet before it has asked for its notification: fewer kicks than batches, never more.
  @Test(
    "Without ioeventfd each notification is an exit, which wakes the thread",
    arguments: [
      NICWay(
        "virtio-net-tx packets=96 batch=32 irq=1 event_idx=1", "virtio-net-pci,queue=thread,ioeventfd=off",
        exits: 3, kicks: 3),
      NICWay(
        "virtio-net-tx packets=20 batch=1", "virtio-net-mmio,queue=thread,ioeventfd=off", exits: 20, kicks: 20
      ),
    ])
  func exitsThatWake(way: NICWay) throws {
    let window = try way.run()
    #expect((1...way.kicks).contains(window.kicks))
    #expect(window.exits == [way.device: window.kicks])
  }

  /// Whether the thread still looks when the next batch comes is a matter of time.
  @Test(
    "Behind a thread that looks on, a batch costs at most a kick",
    arguments: [
      NICWay("virtio-net-tx packets=99 batch=99 irq=1", "virtio-net-pci,queue=adaptive", exits: 0, kicks: 1),
      NICWay("virtio-net-tx packets=1000 batch=1", "virtio-net-pci,queue=adaptive", exits: 0, kicks: 1000),
      NICWay(
        "virtio-net-rx packets=96 batch=32 irq=1", "virtio-net-pci,backend=source,queue=adaptive", exits: 0,
        kicks: 3),
      NICWay(
        "virtio-net-echo packets=96 batch=32 irq=1 event_idx=1",
        "virtio-net-pci,backend=reflector,queue=adaptive", exits: 0, kicks: 3),
    ])
  func adaptive(way: NICWay) throws {
    let window = try way.run()
    #expect(window.exits == [:])
    #expect(window.kicks <= way.kicks)
  }

  @Test(
    "Polled, there is no exit and no kick at all",
    arguments: [
      NICWay("virtio-net-tx packets=1000 batch=1000", "virtio-net-pci,queue=poll", exits: 0),
      NICWay("virtio-net-rx packets=96 batch=32", "virtio-net-pci,backend=source,queue=poll", exits: 0),
      NICWay("virtio-net-echo packets=32 batch=8", "virtio-net-pci,backend=reflector,queue=poll", exits: 0),
      NICWay("virtio-net-tx packets=96 batch=32 event_idx=1", "virtio-net-mmio,queue=poll", exits: 0),
      NICWay(
        "virtio-net-rx packets=10 batch=5 tso=1", "virtio-net-pci,backend=source,size=65214,queue=poll",
        exits: 0),
    ])
  func poll(way: NICWay) throws {
    try check(way)
  }
}

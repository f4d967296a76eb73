import PCI
import TestSupport
import Testing
import VMM

@testable import Virtio

/// The driver's side of virtio over PCI.
private struct Driver {
  static let (common, isr, config, notify) = (0x0000, 0x1000, 0x2000, 0x3000)

  let ring: Ring
  let echo: Echo
  let device: VirtioPCI
  let wire = InterruptLine()
  let messages: [MessageInterrupt]
  let host = PCIHost()

  init(messages count: Int = 3) throws {
    ring = try Ring(size: 8)
    echo = Echo(memory: ring.memory)
    messages = (0..<count).map { _ in MessageInterrupt() }
    device = try VirtioPCI(
      device: echo, base: 0xfebe_0000, messageBase: 0xfebf_0000, interrupt: wire, interruptLine: 10,
      messages: messages)
    host.attach(device, at: 4)
  }

  func read(_ offset: Int, size: Int) -> UInt64 { device.read(Access(offset: offset, size: size)) }

  func write(_ offset: Int, _ value: UInt64, size: Int) {
    let access = Access(offset: offset, size: size)
    device.write(access, access.truncate(value))
  }

  func configuration(_ register: Int, size: Int = 4) -> UInt64 {
    host.read(Access(window: 1, offset: 4 << 15 | register, size: size))
  }

  func configure(_ register: Int, _ value: UInt64, size: Int = 4) {
    host.write(Access(window: 1, offset: 4 << 15 | register, size: size), value)
  }

  var status: UInt64 { read(0x14, size: 1) }
  var faults: [String] { device.faults.lines }
  var faultCount: Int { device.faults.lines.count + Int(device.faults.more) }

  /// A device that runs, with queue 1 over the ring.
  func start(through last: UInt64 = 15) {
    for value: UInt64 in [0, 1, 3] { write(0x14, value, size: 1) }
    write(0x08, 1, size: 4)
    write(0x0c, 1, size: 4)
    write(0x14, 11, size: 1)
    write(0x16, 1, size: 2)
    write(0x20, ring.setup.descriptorArea, size: 4)
    write(0x28, ring.setup.driverArea, size: 4)
    write(0x30, ring.setup.deviceArea, size: 4)
    write(0x1c, 1, size: 2)
    if last == 15 { write(0x14, 15, size: 1) }
  }

  func offer() {
    ring.describeChain([Ring.Entry(flags: Ring.Entry.write)])
    ring.offer(0)
  }

  /// Unmasks all vectors, each with a message of its own.
  func unmask() {
    for vector in messages.indices {
      for (offset, value) in [(0, 0xfee0_0000), (4, 0), (8, 0x40 + vector), (12, 0)] {
        device.write(Access(window: 1, offset: 16 * vector + offset, size: 4), UInt64(value))
      }
    }
  }

  /// The message control register of MSI-X.
  func enableMessages(_ isOn: Bool) {
    let capability = capabilities().first { $0.id == 0x11 }!.offset
    configure(capability + 2, isOn ? 0x8000 : 0, size: 2)
  }

  func capabilities() -> [(id: UInt64, offset: Int)] {
    var list: [(UInt64, Int)] = []
    var next = Int(configuration(0x34, size: 1))
    while next != 0, list.count < 48 {
      list.append((configuration(next, size: 1), next))
      next = Int(configuration(next + 1, size: 1))
    }
    return list
  }
}

@Suite("virtio over PCI")
struct VirtioPCITests {
  @Test("a notification before DRIVER_OK is not forgotten, whatever bus mastering does meanwhile")
  func early() throws {
    for isOnAtLast in [true, false] {
      let driver = try Driver()
      driver.start(through: 11)
      driver.offer()
      driver.write(Driver.notify + 4, 1, size: 2)
      driver.configure(4, 2)
      driver.configure(4, 6)
      if !isOnAtLast { driver.configure(4, 2) }
      driver.write(0x14, 15, size: 1)
      #expect(driver.ring.usedIndex == (isOnAtLast ? 1 : 0))
      driver.configure(4, 6)
      #expect(driver.ring.usedIndex == 1)
    }
  }

  @Test("a 64-bit address may be written and read at once, and no other field")
  func wholeAddresses() throws {
    let driver = try Driver()
    for value: UInt64 in [0, 1, 3] { driver.write(0x14, value, size: 1) }
    driver.write(0x08, 1, size: 4)
    driver.write(0x0c, 1, size: 4)
    driver.write(0x14, 11, size: 1)
    for offset in [0x20, 0x28, 0x30] {
      let address = 0x1122_3344_5566_7788 &* UInt64(offset)
      driver.write(offset, address, size: 8)
      #expect(driver.read(offset, size: 8) == address)
      #expect(driver.read(offset + 4, size: 4) == address >> 32)
    }
    #expect(driver.faultCount == 0)
    for offset in [0x00, 0x08, 0x1c, 0x24, 0x34] {
      let before = driver.faultCount
      driver.write(offset, 0, size: 8)
      #expect(driver.faultCount == before + 1)
    }
  }

  @Test("it is what section 4.1.2 says, and its capabilities say where everything is")
  func identity() throws {
    let driver = try Driver()
    #expect(driver.configuration(0) == UInt64(0x1040 + 42) << 16 | 0x1af4)
    #expect(driver.configuration(8, size: 1) == 1)
    let vendor = driver.capabilities().filter { $0.id == 9 }.map(\.offset)
    #expect(vendor.map { driver.configuration($0 + 3, size: 1) } == [1, 3, 4, 2, 5])
    #expect(vendor.map { driver.configuration($0 + 4, size: 1) } == [0, 0, 0, 0, 0])
    #expect(vendor.map { driver.configuration($0 + 8) } == [0, 0x1000, 0x2000, 0x3000, 0])
    #expect(vendor.map { driver.configuration($0 + 12) } == [0x38, 1, 6, 8, 0])
    #expect(vendor.map { driver.configuration($0 + 2, size: 1) } == [16, 16, 16, 20, 20])
    #expect(driver.configuration(vendor[3] + 16) == 4, "notify_off_multiplier")
    #expect(driver.capabilities().last?.id == 0x11)
    #expect(try !Driver(messages: 0).capabilities().contains { $0.id == 0x11 })
  }

  @Test("the ledger knows the registers by their names in the specification")
  func names() throws {
    let map = try Driver().device.windows[0].registers
    let expected: [(UInt64, String)] = [
      (0x14, "device_status"), (0x15, "config_generation"), (0x1e, "queue_notify_off"), (0x1000, "isr"),
      (0x2004, "second"), (0x3000, "queue_notify"), (0x3004, "queue_notify"), (0x3008, "(other)"),
    ]
    for (offset, name) in expected { #expect(map.registers[map.number(at: offset)].name == name) }
  }

  @Test("a driver reads features, queues and configuration")
  func registers() throws {
    let driver = try Driver()
    for (word, bits) in [(0, 1 << 3), (1, 1 | 1 << 8), (2, 0)] as [(UInt64, UInt64)] {
      driver.write(0x00, word, size: 4)
      #expect(driver.read(0x04, size: 4) & bits == bits)
    }
    #expect(driver.read(0x12, size: 2) == 2)
    for (queue, size) in [(0, 64), (1, 8), (2, 0), (0xffff, 0)] as [(UInt64, UInt64)] {
      driver.write(0x16, queue, size: 2)
      #expect(driver.read(0x18, size: 2) == size)
      #expect(driver.read(0x1e, size: 2) == (size == 0 ? 0 : queue))
      #expect(driver.read(0x1a, size: 2) == 0xffff)
    }
    #expect(driver.read(0x2000, size: 4) == 0x4433_2211)
    #expect(driver.read(0x2004, size: 2) == 0x6655)
    #expect(driver.faults == [])
  }

  @Test("a kick is one write; without MSI-X the driver reads isr once, which clears it")
  func lineInterrupt() throws {
    let driver = try Driver()
    driver.start()
    driver.offer()
    driver.write(0x3004, 1, size: 2)
    #expect(driver.ring.usedIndex == 1)
    #expect(driver.wire.isAsserted)
    #expect(driver.read(0x1000, size: 1) == 1)
    #expect(!driver.wire.isAsserted)
    #expect(driver.read(0x1000, size: 1) == 0)
    #expect(driver.device.counters == DeviceCounters(kicks: 1, interrupts: 1))
    #expect(driver.faults == [])
  }

  @Test("with MSI-X each kind has its message, the line rests, and isr tells of the configuration only")
  func messages() throws {
    let driver = try Driver()
    driver.enableMessages(true)
    driver.unmask()
    driver.start()
    driver.write(0x10, 2, size: 2)
    driver.write(0x1a, 1, size: 2)
    #expect(driver.read(0x10, size: 2) == 2)
    #expect(driver.read(0x1a, size: 2) == 1)
    driver.offer()
    driver.write(0x3004, 1, size: 2)
    #expect(driver.messages.map(\.sent) == [0, 1, 0])
    #expect(driver.read(0x1000, size: 1) == 0)
    // A queue set up again while in use stops the device.
    driver.write(0x18, 4, size: 2)
    #expect(driver.status & 64 != 0)
    #expect(driver.messages.map(\.sent) == [0, 1, 1])
    #expect(!driver.wire.isAsserted)
    #expect(driver.read(0x1000, size: 1) == 2)
    #expect(driver.read(0x1000, size: 1) == 0)
  }

  @Test("vectors that are not there read back as NO_VECTOR, and reset takes all away")
  func vectors() throws {
    let driver = try Driver()
    for (wanted, answer) in [(2, 2), (3, 0xffff), (0x8000, 0xffff), (0, 0)] as [(UInt64, UInt64)] {
      driver.write(0x10, wanted, size: 2)
      driver.write(0x1a, wanted, size: 2)
      #expect(driver.read(0x10, size: 2) == answer)
      #expect(driver.read(0x1a, size: 2) == answer)
    }
    driver.write(0x14, 0, size: 1)
    #expect(driver.read(0x10, size: 2) == 0xffff)
    #expect(driver.read(0x1a, size: 2) == 0xffff)
    let none = try Driver(messages: 0)
    none.write(0x10, 0, size: 2)
    #expect(none.read(0x10, size: 2) == 0xffff)
  }

  @Test("while bus mastering is off nothing reaches memory, and what was asked for is done afterwards")
  func busMaster() throws {
    let driver = try Driver()
    driver.start()
    driver.offer()
    driver.configure(0x04, 0x03, size: 2)
    driver.write(0x3004, 1, size: 2)
    driver.device.poll()
    #expect(driver.ring.usedIndex == 0)
    #expect(driver.echo.served.isEmpty)
    driver.configure(0x04, 0x07, size: 2)
    #expect(driver.ring.usedIndex == 1)
    #expect(driver.wire.isAsserted)
    #expect(driver.device.counters == DeviceCounters(kicks: 1, interrupts: 1))
  }

  @Test("through pci_cfg_data a driver reaches every register without the window")
  func access() throws {
    let driver = try Driver()
    let capability = driver.capabilities().filter { $0.id == 9 }.last!.offset
    func describe(_ bar: UInt64, _ offset: UInt64, _ length: UInt64) {
      driver.configure(capability + 4, bar, size: 1)
      driver.configure(capability + 8, offset)
      driver.configure(capability + 12, length)
    }
    describe(0, 0x14, 1)
    for value: UInt64 in [1, 3] { driver.configure(capability + 16, value, size: 1) }
    #expect(driver.status == 3)
    #expect(driver.configuration(capability + 16, size: 1) == 3)
    describe(0, 0x2000, 4)
    #expect(driver.configuration(capability + 16) == 0x4433_2211)
    describe(2, 0, 4)
    driver.configure(capability + 16, 0xfee0_1000)
    #expect(driver.device.read(Access(window: 1, offset: 0, size: 4)) == 0xfee0_1000)
    #expect(driver.faults == [])
    for (bar, offset, length) in [
      (1, 0, 4), (0, 0x4000, 4), (0, 1, 2), (0, 0, 3), (0, 0, 0), (2, 0xffe, 4), (0, 0xffff_fffc, 4),
    ]
      as [(UInt64, UInt64, UInt64)]
    {
      describe(bar, offset, length)
      #expect(driver.configuration(capability + 16) == 0xffff_ffff)
      driver.configure(capability + 16, 0)
    }
    #expect(driver.faultCount == 14)
  }

  @Test("any access of any size anywhere is answered, and a reset helps", arguments: [1, 2, 3] as [UInt64])
  func hostile(seed: UInt64) throws {
    let driver = try Driver()
    var random = SplitMix64(seed: seed)
    driver.start()
    for _ in 0..<30_000 {
      let window = Int.random(in: 0..<2, using: &random)
      let structure = Int.random(in: 0..<4, using: &random) << 12
      let offset = (window == 0 ? structure : 0) | Int.random(in: 0..<0x40, using: &random)
      let access = Access(window: window, offset: offset, size: .random(in: 1...8, using: &random))
      let values: [UInt64] = [0, 1, 3, 8, 11, 15, 0xffff, .random(in: 0 ... .max, using: &random)]
      switch Int.random(in: 0..<3, using: &random) {
      case 0: #expect(driver.device.read(access) <= access.ones)
      case 1: driver.device.write(access, access.truncate(values.randomElement(using: &random)!))
      default:
        driver.configure(
          .random(in: 0..<256, using: &random), values.randomElement(using: &random)!,
          size: [1, 2, 4].randomElement(using: &random)!)
      }
    }
    driver.start()
    #expect(driver.status == 15)
  }
}

import Testing
import VMM
import Virtio

@Suite("The registers of virtio-mmio")
struct RegisterTests {
  private let ring: Ring
  private let echo: Echo
  private let bus: Bus

  init() throws {
    ring = try Ring(size: 8)
    echo = Echo(memory: ring.memory)
    let line = InterruptLine()
    bus = try Bus(device: VirtioMMIO(device: echo, base: 0xd000_0000, interrupt: line), line: line)
  }

  private static let readable = [
    0x00, 0x04, 0x08, 0x0c, 0x10, 0x34, 0x44, 0x60, 0x70, 0xb0, 0xb4, 0xb8, 0xbc, 0xc0, 0xfc,
  ]
  private static let writable = [
    0x14, 0x20, 0x24, 0x30, 0x38, 0x44, 0x50, 0x64, 0x70, 0x80, 0x84, 0x90, 0x94, 0xa0, 0xa4, 0xac,
  ]

  @Test("say what the device is")
  func identity() {
    #expect(bus.read(0x00) == 0x7472_6976)
    #expect(bus.read(0x04) == 2)
    #expect(bus.read(0x08) == 42)
    #expect(bus.status == 0)
    #expect(bus.read(0xfc) == 0)
    #expect(bus.device.windows[0].base == 0xd000_0000)
    #expect(bus.device.windows[0].count == 0x1000)
    #expect(bus.device.name == "echo")
  }

  @Test("have the names of the specification, and the configuration space those of the device")
  func names() {
    let map = bus.device.windows[0].registers
    let expected = [
      (0x000, "MagicValue"), (0x008, "DeviceID"), (0x014, "DeviceFeaturesSel"), (0x034, "QueueNumMax"),
      (0x050, "QueueNotify"), (0x060, "InterruptStatus"), (0x064, "InterruptACK"), (0x070, "Status"),
      (0x0a4, "QueueDeviceHigh"), (0x0ac, "SHMSel"), (0x0b0, "SHMLenLow"), (0x0bc, "SHMBaseHigh"),
      (0x0fc, "ConfigGeneration"), (0x100, "first"), (0x102, "first"), (0x104, "second"), (0x106, "(other)"),
      (0x018, "(other)"), (0xfff, "(other)"),
    ]
    for (offset, name) in expected {
      #expect(map.registers[map.number(at: UInt64(offset))].name == name, "\(offset)")
    }
  }

  @Test("show the features in words of 32 bits, VERSION_1 among them")
  func features() {
    for (word, bits) in [(0, 3 << 28 | 1 << 3), (1, 1 << 8 | 1), (2, 0), (UInt32.max, 0)]
      as [(UInt32, UInt32)]
    {
      bus.write(0x14, word)
      #expect(bus.read(0x10) == bits)
    }
  }

  @Test("show the queues that there are")
  func queues() {
    let sizes: [(UInt32, UInt32)] = [(0, 64), (1, 8), (2, 0), (0xffff, 0), (0x10000, 0), (.max, 0)]
    for (queue, size) in sizes {
      bus.write(0x30, queue)
      #expect(bus.read(0x34) == size)
      #expect(bus.read(0x44) == 0)
    }
  }

  @Test("say that there is no shared memory")
  func sharedMemory() {
    bus.write(0xac, 1)
    for offset in [0xb0, 0xb4, 0xb8, 0xbc] { #expect(bus.read(offset) == .max) }
    #expect(bus.faultCount == 0)
  }

  @Test("cannot be read or written against their direction, which is noted")
  func direction() {
    for offset in stride(from: 0, to: 0x100, by: 4) {
      let before = bus.faultCount
      let value = bus.read(offset)
      #expect(bus.faultCount == before + (Self.readable.contains(offset) ? 0 : 1), "read of \(offset)")
      if !Self.readable.contains(offset) { #expect(value == 0) }
      if !Self.writable.contains(offset) {
        bus.write(offset, .max)
        #expect(bus.faultCount > before, "write of \(offset)")
      }
    }
    #expect(bus.status == 0)
    #expect(!bus.line.isAsserted)
  }

  @Test("take aligned accesses of 32 bits only", arguments: [1, 2, 3, 4, 8])
  func width(size: Int) {
    bus.initialise(through: 15)
    for offset in 0..<0x100 where size != 4 || offset % 4 != 0 {
      let before = bus.faultCount
      #expect(bus.read(offset, size: size) == 0)
      bus.write(offset, 0, size: size)
      #expect(bus.faultCount == before + 2)
    }
    #expect(bus.status == 15, "a write of 0 to a part of Status is no reset")
    #expect(bus.device.counters.kicks == 0)
  }

  @Test("give the configuration space in any aligned width, and zeros behind it")
  func config() {
    let bytes: [UInt8] = [0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0, 0, 0, 0, 0, 0]
    for (offset, byte) in bytes.enumerated() { #expect(bus.read(0x100 + offset, size: 1) == UInt32(byte)) }
    #expect(bus.read(0x102, size: 2) == 0x4433)
    #expect(bus.read(0x104, size: 2) == 0x6655)
    #expect(bus.read(0x100) == 0x4433_2211)
    #expect(bus.read(0xffc) == 0)
    #expect(bus.faultCount == 0)
  }

  @Test(
    "refuse other accesses to the configuration space",
    arguments: [(1, 2), (2, 4), (0, 8), (1, 4), (0xefd, 8)])
  func configRefused(offset: Int, size: Int) {
    #expect(bus.read(0x100 + offset, size: size) == 0)
    #expect(bus.faultCount == 1)
  }

  @Test("keep the configuration space as it is", arguments: [1, 2, 4])
  func configReadOnly(size: Int) {
    bus.write(0x100, 0, size: size)
    #expect(bus.read(0x100) == 0x4433_2211)
    #expect(bus.faultCount == 1)
  }

  @Test("whatever is written, all accesses are answered and queues stay in memory", arguments: 0..<8)
  func noise(seed: UInt64) {
    var numbers = Numbers(state: seed)
    let offsets = Self.writable + [0x50, 0x70, 0x70, 0x44, 0x100, 0xfff]
    let values: [UInt32] = [0, 1, 2, 3, 8, 11, 15, 64, 128, 139, 143, 0x8000, 0xf_fff0, .max]
    for _ in 0..<20_000 {
      let known = Bool.random(using: &numbers)
      let offset = known ? offsets.randomElement(using: &numbers)! : .random(in: 0..<0x1000, using: &numbers)
      let size = [4, 4, 4, 4, 4, 4, 4, 1, 2, 3, 8].randomElement(using: &numbers)!
      bus.write(offset, values.randomElement(using: &numbers)!, size: size)
      _ = bus.read(offset, size: size)
      guard bus.line.isAsserted == (bus.interruptStatus != 0) else {
        Issue.record("the line is \(bus.line.isAsserted) after a write to \(offset)")
        return
      }
    }
    bus.write(0x70, 0)
    bus.initialise(through: 15)
    #expect(bus.status == 15, "a reset helps whatever was before")
  }
}

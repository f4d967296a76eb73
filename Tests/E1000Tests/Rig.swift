import NetBackends
import Testing
import VMM

@testable import E1000

/// A clock that the test moves.
final class TestAlarm: Alarm, @unchecked Sendable {
  private(set) var time: UInt64 = 5_000_000_000
  private(set) var due: UInt64?
  /// Calls of ``set(_:)``: on a host each is a system call.
  private(set) var settings = 0

  override var now: UInt64 { time }

  override func set(_ time: UInt64?) {
    due = time
    settings += 1
  }

  /// Lets time pass, and rings whenever it is due.
  func advance(_ nanoseconds: UInt64, ring: () -> Void) {
    let end = time + nanoseconds
    while let due, due <= end {
      time = max(time, due)
      self.due = nil
      ring()
    }
    time = end
  }
}

/// Records what the NIC sends, and holds what it shall receive.
final class RecordingBackend: NetBackend, @unchecked Sendable {
  var sent: [[UInt8]] = []
  var waiting: [[UInt8]] = []
  var refused = 0
  var calls = 0
  var flushes = 0
  var drops: UInt64 = 0
  var number: Int32?
  var accepted: [Offloads] = []
  /// Keeps nothing of what is sent.
  var isCounting = false
  /// Sends every frame back.
  var reflects = false

  init() { super.init(name: "recording") }

  override func transmit(_ frame: borrowing Span<MemoryView>, _ offload: Offload) {
    #expect(offload == .none)
    calls += 1
    guard !isCounting else { return }
    var bytes: [UInt8] = []
    for index in frame.indices { bytes += frame[index].bytes }
    sent.append(bytes)
    if reflects { waiting.append(bytes) }
  }

  override var dropped: UInt64 { drops }

  override var descriptor: Int32? { number }

  override func flush() { flushes += 1 }

  override func guestAccepts(_ offloads: Offloads) { accepted.append(offloads) }

  override var nextLength: Int? { waiting.first?.count }

  override func receive(into buffers: borrowing Span<MemoryView>) {
    calls += 1
    var rest = waiting.removeFirst()[...]
    for index in buffers.indices {
      let part = rest.prefix(buffers[index].count)
      buffers[index].copy(from: Array(part))
      rest = rest.dropFirst(part.count)
    }
    precondition(rest.isEmpty, "the buffers were too short")
  }

  override func dropNext() {
    calls += 1
    waiting.removeFirst()
    refused += 1
  }
}

/// A NIC with guest memory around it, and the first steps of a driver.
final class Rig {
  static let transmitRing: UInt64 = 0x1_0000
  static let receiveRing: UInt64 = 0x2_0000
  static let transmitBuffers: UInt64 = 0x4_0000
  static let receiveBuffers: UInt64 = 0x8_0000
  static let mac: [UInt8] = [0x52, 0x54, 0x00, 0x12, 0x34, 0x57]

  let memory = try! GuestMemory(size: 2 << 20)
  let backend = RecordingBackend()
  let line = InterruptLine()
  let message = MessageInterrupt()
  let alarm = TestAlarm()
  let nic: E1000

  init() {
    nic = E1000(memory: memory, backend: backend, interrupt: line, alarm: alarm, message: message)
  }

  func advance(_ nanoseconds: UInt64) {
    alarm.advance(nanoseconds) { nic.alarmRang() }
  }

  /// Frames that are not yet in the guest's memory.
  var waitingCount: Int { backend.waiting.count + (nic.arrival.length > 0 ? 1 : 0) }

  // MARK: Registers

  static func offset(_ name: String) -> Int {
    RegisterDefinition.all.first { $0.name == name }!.offset
  }

  func read(_ offset: Int) -> UInt32 {
    UInt32(nic.read(Access(offset: offset, size: 4)))
  }

  func write(_ offset: Int, _ value: UInt32) {
    nic.write(Access(offset: offset, size: 4), UInt64(value))
  }

  subscript(_ name: String) -> UInt32 {
    get { read(Self.offset(name)) }
    set { write(Self.offset(name), newValue) }
  }

  var faults: [String] { nic.faults.lines }

  // MARK: Memory

  func store<T: GuestInteger>(_ value: T, at address: UInt64) {
    memory.view(at: address, count: MemoryLayout<T>.size)!.store(value, at: 0)
  }

  func load<T: GuestInteger>(_ type: T.Type = T.self, at address: UInt64) -> T {
    memory.view(at: address, count: MemoryLayout<T>.size)!.load(at: 0)
  }

  func put(_ bytes: [UInt8], at address: UInt64) {
    memory.view(at: address, count: bytes.count)!.copy(from: bytes)
  }

  func bytes(at address: UInt64, _ count: Int) -> [UInt8] {
    memory.view(at: address, count: count)!.bytes
  }

  // MARK: Transmission

  static let eop: UInt8 = 0x01
  static let ifcs: UInt8 = 0x02
  static let rs: UInt8 = 0x08
  static let whole = eop | ifcs | rs

  func startTransmitter(count: Int = 8, at start: Int = 0, control: UInt32 = 0x2) {
    self["TDBAL"] = UInt32(Self.transmitRing)
    self["TDBAH"] = 0
    self["TDLEN"] = UInt32(count * 16)
    self["TDH"] = UInt32(start)
    self["TDT"] = UInt32(start)
    self["TCTL"] = control
  }

  func describe(_ index: Int, address: UInt64, length: Int, command: UInt8 = whole) {
    let at = Self.transmitRing + UInt64(index * 16)
    store(address, at: at)
    store(UInt64(length) | UInt64(command) << 24, at: at + 8)
  }

  /// Puts a frame into the buffer of descriptor `index`.
  func queue(_ frame: [UInt8], _ index: Int, command: UInt8 = whole) {
    let address = Self.transmitBuffers + UInt64(index * 2048)
    put(frame, at: address)
    describe(index, address: address, length: frame.count, command: command)
  }

  func isDone(_ index: Int) -> Bool {
    load(UInt8.self, at: Self.transmitRing + UInt64(index * 16) + 12) & 1 != 0
  }

  // MARK: Reception

  /// EN, BAM, SECRC.
  static let plainReception: UInt32 = 0x0400_8002

  func startReceiver(
    count: Int = 8, at start: Int = 0, given: Int = 7, control: UInt32 = plainReception, size: Int = 2048
  ) {
    for index in 0..<count {
      store(Self.receiveBuffers + UInt64(index * size), at: Self.receiveRing + UInt64(index * 16))
      store(0 as UInt64, at: Self.receiveRing + UInt64(index * 16) + 8)
    }
    self["RDBAL"] = UInt32(Self.receiveRing)
    self["RDBAH"] = 0
    self["RDLEN"] = UInt32(count * 16)
    self["RDH"] = UInt32(start)
    self["RDT"] = UInt32((start + given) % count)
    self["RCTL"] = control
  }

  struct Received: Equatable {
    var length: Int
    var status: UInt8
    var errors: UInt8
    var bytes: [UInt8]
  }

  /// What the NIC wrote to descriptor `index`, and to its buffer.
  func received(_ index: Int) -> Received {
    let at = Self.receiveRing + UInt64(index * 16)
    let length = Int(load(UInt16.self, at: at + 8))
    return Received(
      length: length, status: load(at: at + 12), errors: load(at: at + 13),
      bytes: bytes(at: load(at: at), length))
  }

  static let done: UInt8 = 0x05
  static let doneAndEnd: UInt8 = 0x07
}

extension Rig {
  /// After whatever happened, a reset and a sane driver work.
  func expectUsable() {
    self["CTRL"] = 1 << 26
    backend.sent = []
    backend.waiting = []
    backend.reflects = false
    takeArrival()
    startTransmitter()
    queue(makeFrame(1), 0)
    self["TDT"] = 1
    #expect(backend.sent == [makeFrame(1)] && self["TDH"] == 1)
    startReceiver()
    backend.waiting = [makeFrame(2)]
    nic.poll()
    #expect(received(0).bytes == makeFrame(2))
  }
}

extension Rig {
  /// Has the frame that a reset left in the FIFO, or one the receiver has no room for, filtered out.
  private func takeArrival() {
    guard nic.arrival.length > 0 else { return }
    self["RAL"] = 0
    self["RAH"] = 0
    startReceiver(control: 2)
    nic.poll()
    self["CTRL"] = 1 << 26
    #expect(nic.arrival.length == 0)
  }
}

/// A frame whose bytes tell `number`; to the rig's station unless said otherwise.
func makeFrame(_ number: Int, count: Int = 60, to destination: [UInt8] = Rig.mac) -> [UInt8] {
  var frame = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ number &* 13) }
  let header = destination + [2, 0, 0, 0, 0, 1, 0x88, 0xb5]
  frame.replaceSubrange(0..<min(14, count), with: header.prefix(count))
  return frame
}

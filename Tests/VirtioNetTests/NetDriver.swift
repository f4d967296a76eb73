import NetBackends
import VMM
import Virtio
import VirtioNet

/// A driver of one virtio-net over MMIO, in guest memory of 8 MiB: it does what a guest would, and on request
/// what a guest must not.
final class NetDriver {
  static let receive = 0
  static let transmit = 1
  static let control = 2
  static let headerCount = 12

  let memory: GuestMemory
  let ram: MemoryView
  let line = InterruptLine()
  let device: VirtioMMIO
  let size: UInt16
  private var nextDescriptor: [UInt16] = [0, 0, 0]

  init(
    backend: NetBackend, size: UInt16 = 64, mac: [UInt8] = VirtioNet.defaultMAC,
    mtu: Int = VirtioNet.defaultMTU, service: QueueService = .vcpu
  ) throws {
    memory = try GuestMemory(size: 8 << 20)
    ram = memory.slots[0].view
    self.size = size
    device = try VirtioMMIO(
      device: VirtioNet(memory: memory, backend: backend, mac: mac, mtu: mtu), base: 0xd000_0000,
      interrupt: line, service: service)
  }

  func read(_ offset: Int, size: Int = 4) -> UInt32 {
    UInt32(truncatingIfNeeded: device.exclusively { device.read(Access(offset: offset, size: size)) })
  }

  func write(_ offset: Int, _ value: UInt32) {
    device.exclusively { device.write(Access(offset: offset, size: 4), UInt64(value)) }
  }

  var status: UInt32 { read(0x70) }
  var packets: PacketCounters { device.exclusively { device.counters.packets ?? PacketCounters() } }

  /// VERSION_1, MAC and STATUS, which every driver wants.
  static let plainFeatures: UInt64 = 1 << 32 | 1 << 5 | 1 << 16

  /// Through the steps of virtio 1.2, section 3.1.1, with all queues of ``size``, that for commands of at most 64.
  func start(_ more: UInt64 = 0, queues: Int = 3) {
    nextDescriptor = [0, 0, 0]
    write(0x70, 0)
    negotiate(Self.plainFeatures | more)
    for queue in 0..<queues {
      write(0x30, UInt32(queue))
      write(0x38, UInt32(queueSize(queue)))
      write(0x80, UInt32(descriptors(queue)))
      write(0x90, UInt32(available(queue)))
      write(0xa0, UInt32(used(queue)))
      write(0x44, 1)
    }
    write(0x70, 15)
  }

  /// Up to FEATURES_OK.
  func negotiate(_ features: UInt64) {
    write(0x70, 1)
    write(0x70, 3)
    for word: UInt32 in 0..<2 {
      write(0x24, word)
      write(0x20, UInt32(truncatingIfNeeded: features >> (32 * UInt64(word))))
    }
    write(0x70, 11)
  }

  func queueSize(_ queue: Int) -> UInt16 { queue == Self.control ? min(size, 64) : size }

  func descriptors(_ queue: Int) -> Int { 0x1_0000 + 0x1_0000 * queue }
  func available(_ queue: Int) -> Int { descriptors(queue) + 0x8000 }
  func used(_ queue: Int) -> Int { descriptors(queue) + 0xa000 }
  /// Memory for the buffers of the chain that begins at descriptor `head`: 2 KiB each.
  func buffer(_ queue: Int, _ head: UInt16) -> Int { 0x20_0000 * (queue + 1) + 2048 * Int(head) }

  /// Offers a chain with a buffer for each of the lengths in `cut`, one behind the other from `address` on.
  ///
  /// - Returns: the head.
  @discardableResult
  func offer(_ queue: Int, at address: Int? = nil, cut: [Int], writable: Bool) -> UInt16 {
    let head = nextDescriptor[queue]
    var address = address ?? buffer(queue, head)
    for (index, count) in cut.enumerated() {
      let number = nextDescriptor[queue]
      describe(
        queue, number, address, count, flags: (index < cut.count - 1 ? 1 : 0) | (writable ? 2 : 0))
      address += count
      nextDescriptor[queue] = (number + 1) % queueSize(queue)
    }
    publish(queue, head)
    return head
  }

  /// Offers `frame` for transmission behind an empty header, cut as `cut` says or in one buffer.
  @discardableResult
  func offerFrame(_ frame: MemoryView, cut: [Int]? = nil) -> UInt16 {
    let address = buffer(Self.transmit, nextDescriptor[Self.transmit])
    ram.slice(address, Self.headerCount)!.clear()
    ram.copy(from: frame, at: address + Self.headerCount)
    return offer(Self.transmit, at: address, cut: cut ?? [frame.count + Self.headerCount], writable: false)
  }

  /// Offers the frame of the project's format with this number.
  func offerFrame(_ sequence: UInt64, length: Int = 60, cut: [Int]? = nil) {
    let frame = HostBuffer(count: length)
    for offset in 0..<12 { frame.view.store(UInt8(0xa0 + offset), at: offset) }
    FrameFormat.seal(frame.view, sequence: sequence)
    offerFrame(frame.view, cut: cut)
  }

  /// Sends a command of the control queue and returns what the device answers; nil if it wrote nothing.
  func command(_ group: UInt8, _ number: UInt8, _ data: [UInt8]) -> UInt8? {
    let address = buffer(Self.control, 0)
    ram.copy(from: [group, number] + data, at: address)
    ram.store(UInt8(0xcc), at: address + 0x8000)
    let head = nextDescriptor[Self.control]
    describe(Self.control, head, address, 2 + data.count, flags: 1)
    describe(Self.control, (head + 1) % queueSize(Self.control), address + 0x8000, 1, flags: 2)
    nextDescriptor[Self.control] = (head + 2) % queueSize(Self.control)
    publish(Self.control, head)
    kick(Self.control)
    let answer: UInt8 = ram.load(at: address + 0x8000)
    return answer == 0xcc ? nil : answer
  }

  private func describe(_ queue: Int, _ number: UInt16, _ address: Int, _ count: Int, flags: UInt16) {
    let at = descriptors(queue) + 16 * Int(number)
    ram.store(UInt64(address), at: at)
    ram.store(UInt32(count), at: at + 8)
    ram.store(flags, at: at + 12)
    ram.store((number + 1) % queueSize(queue), at: at + 14)
  }

  private func publish(_ queue: Int, _ head: UInt16) {
    let index = availableIndex(queue)
    ram.store(head, at: available(queue) + 4 + 2 * Int(index % queueSize(queue)))
    ram.storeRelease(index &+ 1, at: available(queue) + 2)
  }

  /// A write of QueueNotify: KVM rings the doorbell where there is one.
  func kick(_ queue: Int) {
    let doorbells = device.windows[0].doorbells
    if doorbells.isEmpty { write(0x50, UInt32(queue)) } else { doorbells[queue].ring() }
  }

  func availableIndex(_ queue: Int) -> UInt16 { ram.load(at: available(queue) + 2) }
  func usedIndex(_ queue: Int) -> UInt16 { ram.loadAcquire(at: used(queue) + 2) }

  func usedElement(_ queue: Int, _ index: UInt16) -> (id: UInt32, length: UInt32) {
    let at = used(queue) + 4 + 8 * Int(index % queueSize(queue))
    return (ram.load(at: at), ram.load(at: at + 4))
  }

  func silence(_ queue: Int) { ram.store(UInt16(1), at: available(queue)) }
}

/// A back end that keeps what it is sent and gives what it is told to.
final class Recorder: NetBackend, @unchecked Sendable {
  private(set) var sent: [[UInt8]] = []
  private(set) var offloads: [Offload] = []
  private(set) var flushes = 0
  /// What the driver was said to accept, each time.
  private(set) var accepted: [Offloads] = []
  var pending: [[UInt8]] = []
  /// Of all pending frames.
  var pendingOffload = Offload.none
  private(set) var refused = 0
  /// Called with each frame while it is valid.
  var whileSending: ((MemoryView) -> Void)?

  var takes: Offloads
  var drops: UInt64 = 0
  var number: Int32?

  init(takes: Offloads = []) {
    self.takes = takes
    super.init(name: "recorder")
  }

  override var accepts: Offloads { takes }
  override var dropped: UInt64 { drops }
  override var descriptor: Int32? { number }
  override var nextOffload: Offload { pendingOffload }

  override func guestAccepts(_ offloads: Offloads) {
    accepted.append(offloads)
  }

  override func flush() {
    flushes += 1
  }

  override func transmit(_ frame: borrowing Span<MemoryView>, _ offload: Offload) {
    var bytes: [UInt8] = []
    for index in frame.indices { bytes += frame[index].bytes }
    sent.append(bytes)
    offloads.append(offload)
    for index in frame.indices { whileSending?(frame[index]) }
  }

  override var nextLength: Int? { pending.first?.count }

  override func receive(into buffers: borrowing Span<MemoryView>) {
    var rest = pending.removeFirst()[...]
    for index in buffers.indices {
      buffers[index].copy(from: Array(rest.prefix(buffers[index].count)))
      rest = rest.dropFirst(buffers[index].count)
    }
  }

  override func dropNext() {
    pending.removeFirst()
    refused += 1
  }
}

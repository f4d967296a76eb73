import VMM
import Virtio

/// The driver's side of a queue, which writes whatever a test wants.
struct Ring {
  static let available: GuestAddress = 0x8000
  static let used: GuestAddress = 0x10000
  static let descriptors: GuestAddress = 0x20000
  /// Where tests put their buffers.
  static let buffers: GuestAddress = 0x40000

  let memory: GuestMemory
  let ram: MemoryView
  let size: UInt16

  init(size: UInt16, memorySize: UInt64 = 1 << 20) throws {
    memory = try GuestMemory(size: memorySize)
    ram = memory.slots[0].view
    self.size = size
  }

  var setup: QueueSetup {
    var setup = QueueSetup()
    setup.size = UInt32(size)
    setup.descriptorArea = Self.descriptors
    setup.driverArea = Self.available
    setup.deviceArea = Self.used
    return setup
  }

  /// A queue of the device over this ring, enabled.
  func queue() throws -> SplitQueue {
    let queue = SplitQueue(memory: memory, maximumSize: size)
    queue.setup = setup
    try queue.enable()
    return queue
  }

  /// One descriptor as a driver writes it.
  struct Entry {
    static let next: UInt16 = 1
    static let write: UInt16 = 2
    static let indirect: UInt16 = 4

    var address: GuestAddress = Ring.buffers
    var length: UInt32 = 64
    var flags: UInt16 = 0
    var next: UInt16 = 0
  }

  /// Writes descriptor `index` of the queue, or of an indirect table.
  func describe(_ index: UInt16, _ entry: Entry, in table: GuestAddress = descriptors) {
    let at = Int(table) + 16 * Int(index)
    ram.store(entry.address, at: at)
    ram.store(entry.length, at: at + 8)
    ram.store(entry.flags, at: at + 12)
    ram.store(entry.next, at: at + 14)
  }

  /// Descriptors `0..<entries.count`, each with NEXT but the last.
  func describeChain(_ entries: [Entry], in table: GuestAddress = descriptors) {
    for (index, entry) in entries.enumerated() {
      var entry = entry
      if index < entries.count - 1 {
        entry.flags |= Entry.next
        entry.next = UInt16(index + 1)
      }
      describe(UInt16(index), entry, in: table)
    }
  }

  var availableIndex: UInt16 {
    get { ram.load(at: Int(Self.available) + 2) }
    nonmutating set { ram.store(newValue, at: Int(Self.available) + 2) }
  }

  var availableFlags: UInt16 {
    get { ram.load(at: Int(Self.available)) }
    nonmutating set { ram.store(newValue, at: Int(Self.available)) }
  }

  var usedIndex: UInt16 { ram.load(at: Int(Self.used) + 2) }

  var usedFlags: UInt16 { ram.load(at: Int(Self.used)) }

  /// Of which entries the two want to be told, under EVENT_IDX.
  var usedEvent: UInt16 {
    get { ram.load(at: Int(Self.available) + 4 + 2 * Int(size)) }
    nonmutating set { ram.store(newValue, at: Int(Self.available) + 4 + 2 * Int(size)) }
  }
  var availableEvent: UInt16 { ram.load(at: Int(Self.used) + 4 + 8 * Int(size)) }

  func usedElement(_ index: UInt16) -> (id: UInt32, length: UInt32) {
    let at = Int(Self.used) + 4 + 8 * Int(index % size)
    return (ram.load(at: at), ram.load(at: at + 4))
  }

  /// Puts a head into the available ring and moves the index.
  func offer(_ head: UInt16) {
    ram.store(head, at: Int(Self.available) + 4 + 2 * Int(availableIndex % size))
    availableIndex &+= 1
  }
}

/// A generator that gives the same numbers in every run (splitmix64).
struct Numbers: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

extension DescriptorChain {
  /// The bytes not yet read.
  var readable: [UInt8] {
    withReadable { buffers in
      var bytes: [UInt8] = []
      for index in buffers.indices { bytes += buffers[index].bytes }
      return bytes
    }
  }
}

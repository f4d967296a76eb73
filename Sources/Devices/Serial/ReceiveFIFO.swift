/// The receiver's sixteen bytes: the oldest is RBR.
struct ReceiveFIFO {
  private var bytes = InlineArray<16, UInt8>(repeating: 0)
  private var first = 0
  private(set) var count = 0
  /// 16 in FIFO mode; 1 in 16450 mode, where RBR is all there is.
  private(set) var capacity = 1

  var room: Int { capacity &- count }

  mutating func reset(capacity: Int) {
    self.capacity = capacity
    count = 0
  }

  /// Adds a byte behind the others; false, and nothing changed, where there is no room.
  mutating func push(_ byte: UInt8) -> Bool {
    guard count < capacity else { return false }
    bytes[(first &+ count) & 15] = byte
    count &+= 1
    return true
  }

  /// Takes the oldest byte; 0 where there is none.
  mutating func pop() -> UInt8 {
    guard count > 0 else { return 0 }
    let byte = bytes[first]
    first = (first &+ 1) & 15
    count &-= 1
    return byte
  }
}

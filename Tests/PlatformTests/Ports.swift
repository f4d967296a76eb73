import Platform
import Synchronization
import VMM

extension Device {
  /// IN AL from the first port of a window, or one after it.
  func readPort(window: Int = 0, _ offset: Int = 0) -> UInt8 {
    UInt8(read(Access(window: window, offset: offset, size: 1)))
  }

  /// OUT AL.
  func writePort(window: Int = 0, _ offset: Int = 0, _ value: UInt8) {
    write(Access(window: window, offset: offset, size: 1), UInt64(value))
  }
}

/// What a device told the outside.
final class Record<Item: Sendable>: Sendable {
  private let held = Mutex<[Item]>([])
  var items: [Item] { held.withLock { $0 } }
  func add(_ item: Item) { held.withLock { $0.append(item) } }
}

/// A clock that a test sets.
final class TestClock: Sendable {
  private let held = Mutex<Int64>(0)
  var seconds: Int64 {
    get { held.withLock { $0 } }
    set { held.withLock { $0 = newValue } }
  }
}

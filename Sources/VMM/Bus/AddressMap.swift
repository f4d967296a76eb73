import CGuestMemory
import CLinux
import Synchronization

/// Where the windows of one address space lie now, none over another.
///
/// Every vCPU looks here without a lock while a guest may move windows: what is read while it is being written is read
/// again (a seqlock). The memory is that of the most windows that there can be, so nothing is ever freed under a reader.
@safe
final class AddressMap: @unchecked Sendable {
  /// A window that answers, from its first address to its last.
  struct Place: Equatable {
    var base: UInt64
    var last: UInt64
    /// Of the route.
    var number: Int
  }

  /// A route and the address that offsets count from.
  struct Target: Equatable {
    let number: Int
    let base: UInt64

    /// Where no window is.
    static let nobody = Target(number: 0, base: 0)
  }

  /// Even while the places can be read; two more for each change.
  private let version = Atomic<UInt>(0)
  private let count = Atomic<Int>(0)
  private let capacity: Int
  /// Base, last and number of each place, in order of addresses. Read and written word by word, for a reader may come
  /// across a change.
  private let words: UnsafeMutablePointer<UInt64>

  /// - Parameter places: the first, in any order.
  init(_ places: [Place], capacity: Int) {
    self.capacity = capacity
    unsafe words = .allocate(capacity: 3 * max(1, capacity))
    unsafe words.initialize(repeating: 0, count: 3 * max(1, capacity))
    replace(with: places)
  }

  deinit {
    unsafe words.deallocate()
  }

  /// The window that contains an address.
  @inline(__always)
  func target(of address: UInt64) -> Target {
    while true {
      let before = version.load(ordering: .acquiring)
      if _fastPath(before & 1 == 0) {
        let found = search(address)
        atomicMemoryFence(ordering: .acquiring)
        if _fastPath(version.load(ordering: .relaxed) == before) { return found }
      }
      yield()
    }
  }

  /// The last place that begins at or below the address, if it reaches that far. Ends whatever it reads.
  @inline(__always)
  private func search(_ address: UInt64) -> Target {
    var low = 0
    var high = count.load(ordering: .relaxed)
    while low < high {
      let middle = low &+ (high &- low) / 2
      if word(middle, 0) <= address { low = middle &+ 1 } else { high = middle }
    }
    guard low > 0, address <= word(low &- 1, 1) else { return .nobody }
    return Target(number: Int(truncatingIfNeeded: word(low &- 1, 2)), base: word(low &- 1, 0))
  }

  @inline(__always)
  private func word(_ place: Int, _ word: Int) -> UInt64 {
    unsafe guest_load64(words + (3 &* place &+ word))
  }

  /// Takes other places, at most as many as the capacity, in any order; by one thread at a time.
  func replace(with places: [Place]) {
    precondition(places.count <= capacity)
    let sorted = places.sorted { $0.base < $1.base }
    version.add(1, ordering: .relaxed)
    atomicMemoryFence(ordering: .releasing)
    count.store(sorted.count, ordering: .relaxed)
    for (index, place) in sorted.enumerated() {
      unsafe guest_store64(words + 3 * index, place.base)
      unsafe guest_store64(words + (3 * index + 1), place.last)
      unsafe guest_store64(words + (3 * index + 2), UInt64(place.number))
    }
    version.add(1, ordering: .releasing)
  }

  /// Whoever writes may have lost the processor.
  @inline(never)
  private func yield() {
    _ = sched_yield()
  }
}

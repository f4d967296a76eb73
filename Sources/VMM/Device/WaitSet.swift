import CLinux

/// The descriptors that a thread sleeps for (poll(2)), of a number that is fixed so that a sleep allocates nothing.
public struct WaitSet: Sendable {
  private var items: [pollfd]

  /// - Parameter descriptors: negative where there is nothing to wait for at the moment.
  public init(_ descriptors: [Int32]) {
    items = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
  }

  /// Another descriptor in the place of the one at `index`.
  public mutating func replace(_ index: Int, by descriptor: Int32) {
    items[index].fd = descriptor
  }

  /// Sleeps until one is readable, or a signal comes.
  public mutating func wait() {
    let count = nfds_t(items.count)
    if unsafe poll(&items, count, -1) < 0 {
      for index in items.indices { items[index].revents = 0 }
    }
  }

  /// Whether the descriptor at `index` was readable when the last sleep ended.
  public func isReady(_ index: Int) -> Bool { items[index].revents != 0 }
}

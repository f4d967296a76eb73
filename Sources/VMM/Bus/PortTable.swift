import CLinux

/// All ports as one vCPU's run loop sees them: for each the device, the access without its size, and the line
/// of that vCPU's ledger. One load finds everything that the exit of a port needs.
///
/// Windows that may move are not in it: they are found as memory is, through the ``Bus``. The table has 65,536
/// entries, but pages cost nothing until touched, and devices have few ports.
@safe
final class PortTable: @unchecked Sendable {
  /// A port that a device claims.
  @safe
  struct Entry {
    let device: Unmanaged<Device>
    /// Bits of an ``Access`` of size 0.
    let access: UInt64
    /// The line of reads; that of writes follows it.
    let line: UnsafeMutablePointer<UInt64>
    /// Makes the table's stride a power of two, so that an entry is found by a shift.
    let padding: UInt64 = 0
  }

  /// Indexed by port; nil for a port that no fixed window claims.
  let entries: UnsafeMutablePointer<Entry?>
  private static let count = 1 << 16
  private let bus: Bus
  private let ledger: Ledger

  /// - Throws: ``GuestMemoryError`` where there is no memory for it.
  init(_ bus: Bus, _ ledger: Ledger) throws(GuestMemoryError) {
    let length = Self.count * MemoryLayout<Entry?>.stride
    let address = linux_map_memory(length)
    guard let base = unsafe UnsafeMutablePointer<Entry?>(bitPattern: address), address > 0 else {
      throw .cannotMapTable(length, errno: Int32(-address))
    }
    unsafe entries = base
    self.bus = bus
    self.ledger = ledger
    for (number, window) in bus.fixedPorts {
      let route = unsafe bus.routes[number]
      for offset in 0..<window.count {
        let port = window.base + offset
        let line = route.line(at: offset, isWrite: false)
        unsafe entries[Int(port)] = unsafe Entry(
          device: route.device, access: route.access(at: offset, size: 0).bits,
          line: ledger.words + line << LedgerLine.shift)
      }
    }
  }

  deinit {
    _ = unsafe munmap(entries, Self.count * MemoryLayout<Entry?>.stride)
  }
}

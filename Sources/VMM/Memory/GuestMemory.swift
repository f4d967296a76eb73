import CLinux

/// A guest physical address.
public typealias GuestAddress = UInt64

/// The guest's RAM: one mapping of the host, shown to the guest in two slots with the hole for MMIO between.
///
/// RAM starts at 0; what does not fit below ``hole`` continues at 4 GiB. Pages cost nothing until touched.
public final class GuestMemory: Sendable {
  /// Where devices' registers lie and RAM does not: the last GiB below 4 GiB.
  public static let hole: Range<GuestAddress> = 0xc000_0000..<0x1_0000_0000
  /// The smallest RAM that has room for the boot tables and an image: 1 MiB.
  public static let smallest: UInt64 = 1 << 20

  /// RAM as the guest sees it: a start address and the bytes behind it. One slot, or two.
  public struct Slot: Sendable {
    public let start: GuestAddress
    public let view: MemoryView
  }

  /// The pages of the host that RAM is made of (transparent huge pages, madvise(2)). An access to a page that has none
  /// yet is an exit, so the larger they are, the fewer exits.
  public enum Pages: Sendable {
    /// As the host's transparent_hugepage/enabled says.
    case asUsual
    /// 4 KiB.
    case small
    /// 2 MiB, as far as the host has them at hand and transparent_hugepage/enabled is not `never`.
    case large
  }

  public let slots: [Slot]
  /// Size of all slots together, in bytes.
  public let size: UInt64
  private let low: MemoryView
  private let high: MemoryView?

  /// Maps `size` bytes of zeroed RAM, a multiple of 4096 and at least ``smallest``.
  ///
  /// - Throws: ``GuestMemoryError`` for a size out of range, or with the errno of mmap(2) or madvise(2).
  public init(size: UInt64, pages: Pages = .asUsual) throws(GuestMemoryError) {
    guard size >= Self.smallest, size & 0xfff == 0 else { throw .badSize(size) }
    guard let length = Int(exactly: size) else { throw .badSize(size) }
    // A large page of the guest's is one of the host's only where both begin at the same distance from 2 MiB.
    let mapping = linux_map_aligned_memory(length, 2 << 20)
    guard let base = unsafe UnsafeMutableRawPointer(bitPattern: mapping), mapping > 0 else {
      throw .cannotMap(size, errno: Int32(-mapping))
    }
    let whole = unsafe MemoryView(base: base, count: length)
    self.size = size
    let lowCount = Int(min(size, Self.hole.lowerBound))
    low = whole.slice(0, lowCount)!
    high = lowCount < length ? whole.slice(lowCount, length - lowCount)! : nil
    slots =
      [Slot(start: 0, view: low)]
      + (high.map { [Slot(start: Self.hole.upperBound, view: $0)] } ?? [])
    guard pages != .asUsual else { return }
    let result = unsafe linux_advise_pages(base, length, pages == .large ? 1 : 0)
    guard result == 0 else { throw .cannotChoosePages(errno: Int32(-result)) }
  }

  deinit {
    unsafe low.withUnsafeBytes { bytes in _ = unsafe munmap(bytes.baseAddress, Int(size)) }
  }

  /// The `count` bytes at `address`, or nil where they are not all RAM. Whatever address and length a guest
  /// gives, the answer is right; it is the only way from a guest's address to memory.
  public func view(at address: GuestAddress, count: Int) -> MemoryView? {
    if address < GuestAddress(low.count) {
      return low.slice(Int(truncatingIfNeeded: address), count)
    }
    guard let high, address >= Self.hole.upperBound else { return nil }
    let offset = address - Self.hole.upperBound
    guard offset < GuestAddress(high.count) else { return nil }
    return high.slice(Int(truncatingIfNeeded: offset), count)
  }
}

/// Why guest memory could not be made.
public enum GuestMemoryError: Error, Equatable {
  /// Too small, absurdly large, or not a multiple of 4096.
  case badSize(UInt64)
  /// mmap(2) refused the guest's memory.
  case cannotMap(UInt64, errno: Int32)
  /// madvise(2) does not know transparent huge pages here.
  case cannotChoosePages(errno: Int32)
  /// mmap(2) refused a table of a vCPU.
  case cannotMapTable(Int, errno: Int32)
}

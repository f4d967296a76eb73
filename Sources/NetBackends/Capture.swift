import CLinux
import KVM
import VMM

/// A tee: whatever passes another back end, in both directions, also goes into a file that Wireshark and tcpdump read.
///
/// Frames stand there as they cross between NIC and back end: one whose work is left undone is large, with a checksum
/// yet to be completed. Each is written at once, so that the file is whole whenever the run ends. A file that takes no
/// more ends the capture, and nothing else.
public final class Capture: NetBackend, @unchecked Sendable {
  private let inner: NetBackend
  private let path: String
  private let file: Descriptor
  private let vector = PieceVector()
  /// The header of a record, or of the file.
  private let record = HostBuffer(count: 24)
  /// Bytes of whole records.
  private var length = 0
  private var isOver = false

  /// - Parameter path: of the file, which is made or emptied.
  /// - Throws: ``KVMError`` where it cannot be written.
  public init(_ inner: NetBackend, path: String) throws(KVMError) {
    let number = unsafe linux_create(path)
    guard number >= 0 else {
      throw KVMError(path, errno: Int32(-number), advice: "the capture cannot be written")
    }
    file = Descriptor(owning: Int32(number))
    _ = ftruncate(file.number, 0)
    self.inner = inner
    self.path = path
    super.init(name: inner.name)
    // A file without frames is one, too. What a full disk does not take now the first frame tries again, and tells.
    begin(isTold: false)
    inner.onFault = { [unowned self] in onFault($0) }
  }

  /// Begins the file: times in nanoseconds, version 2.4, nothing cut, Ethernet (draft-ietf-opsawg-pcap, section 4).
  private func begin(isTold: Bool) {
    let header = record.view
    header.clear()
    header.store(UInt32(0xa1b2_3c4d), at: 0)
    header.store(UInt16(2), at: 4)
    header.store(UInt16(4), at: 6)
    header.store(UInt32(1 << 18), at: 16)
    header.store(UInt32(1), at: 20)
    put(header, [MemoryView]().span, 0, isTold: isTold)
  }

  private func capture(_ frame: borrowing Span<MemoryView>, _ count: Int) {
    guard !isOver, count <= Self.longestFrame else { return }
    if length == 0 { begin(isTold: true) }
    var now = timespec()
    _ = unsafe clock_gettime(CLOCK_REALTIME, &now)
    let header = record.view.slice(0, 16)!
    header.store(UInt32(truncatingIfNeeded: now.tv_sec), at: 0)
    header.store(UInt32(truncatingIfNeeded: now.tv_nsec), at: 4)
    header.store(UInt32(count), at: 8)
    header.store(UInt32(count), at: 12)
    put(header, frame, count, isTold: true)
  }

  /// Writes a header and the first `count` bytes of `frame`.
  private func put(
    _ header: MemoryView, _ frame: borrowing Span<MemoryView>, _ count: Int, isTold: Bool
  ) {
    guard !isOver else { return }
    vector.fill(header, frame, count)
    let result = vector.write(to: file.number)
    let whole = header.count + count
    guard result != whole else {
      length += whole
      return
    }
    // Half a record would make the rest unreadable.
    if result >= 0 { _ = ftruncate(file.number, length) }
    guard isTold else { return }
    isOver = true
    let errno = result < 0 ? Int32(-result) : ENOSPC
    onFault("\(KVMError(path, errno: errno).description): the capture ends here, the traffic goes on")
  }

  // MARK: From the guest

  public override var accepts: Offloads { inner.accepts }

  public override func transmit(_ frame: borrowing Span<MemoryView>, _ offload: Offload) {
    capture(frame, frame.byteCount)
    inner.transmit(frame, offload)
  }

  public override func flush() { inner.flush() }

  // MARK: For the guest

  public override func guestAccepts(_ offloads: Offloads) { inner.guestAccepts(offloads) }

  public override var nextLength: Int? { inner.nextLength }

  public override var nextOffload: Offload { inner.nextOffload }

  public override func receive(into buffers: borrowing Span<MemoryView>) {
    let count = inner.nextLength ?? 0
    inner.receive(into: buffers)
    if count > 0 { capture(buffers, count) }
  }

  public override func dropNext() { inner.dropNext() }

  public override var descriptor: Int32? { inner.descriptor }

  // MARK: What was seen

  public override var lost: UInt64 { inner.lost }
  public override var corrupt: UInt64 { inner.corrupt }
  public override var dropped: UInt64 { inner.dropped }
}

import CLinux
import KVM
import VMM

/// A passt process at the other end of a UNIX stream socket, on which each frame has its length in front, four bytes,
/// big endian (passt(1), --socket; QEMU's `-netdev stream` speaks the same).
///
/// Nothing here waits: what the socket does not take stays in a buffer, and what the buffer does not take is dropped.
/// A peer that goes away is looked for every 100 ms, until it is back.
public final class Passt: NetBackend, @unchecked Sendable {
  private let path: String
  private var socket: Descriptor?
  /// Readable when there is something to do: the socket, and while there is none, the timer.
  private let events: Descriptor
  private let retry: RetryTimer
  private let vector = PieceVector()
  private let prefix = HostBuffer(count: StreamFrames.prefixCount)
  private let incoming = StreamFrames(capacity: 2 * NetBackend.longestFrame)
  private let outgoing = StreamFrames(capacity: 256 << 10)
  private var untaken: UInt64 = 0
  private var isOverflowTold = false

  /// Connects to the socket at `path`.
  ///
  /// - Throws: ``KVMError`` where nobody listens, or the system has no descriptor to give.
  public init(path: String) throws(KVMError) {
    self.path = path
    let number = linux_make_epoll()
    guard number >= 0 else { throw KVMError("epoll_create1", errno: Int32(-number)) }
    events = Descriptor(owning: Int32(number))
    retry = try RetryTimer()
    super.init(name: "passt")
    _ = linux_poll_with(events.number, retry.number, 0, 0)
    let result = connect()
    guard result == 0 else {
      throw KVMError(path, errno: result, advice: "is passt running? 'passt --socket \(path)' starts it")
    }
  }

  /// The errno, 0 for a connection.
  private func connect() -> Int32 {
    let number = unsafe linux_connect(path)
    guard number >= 0 else { return Int32(-number) }
    socket = Descriptor(owning: Int32(number))
    _ = linux_poll_with(events.number, Int32(number), 0, 0)
    return 0
  }

  /// Forgets the connection. Frames that wait for it are lost with it; those that came by it are not.
  private func disconnect() {
    socket = nil
    untaken &+= outgoing.waiting
    outgoing.clear()
    incoming.keepWholeFrames()
    isOverflowTold = false
    retry.start()
    onFault("passt at \(path) closed the connection: frames are dropped until it is back")
  }

  /// Connects anew, at most once each time the timer has rung.
  private func connectAgain() {
    if retry.hasRung() && connect() == 0 { retry.stop() }
  }

  // MARK: From the guest

  public override func transmit(_ frame: borrowing Span<MemoryView>, _ offload: Offload) {
    let length = frame.byteCount
    if socket == nil { connectAgain() }
    if outgoing.waiting > 0 { sendWaiting() }
    guard let socket = socket?.number, length <= Self.longestFrame else {
      untaken &+= 1
      return
    }
    prefix.view.storeBigEndian(UInt32(truncatingIfNeeded: length), at: 0)
    var sent = 0
    if outgoing.waiting == 0 {
      vector.fill(prefix.view, frame, length)
      sent = vector.send(to: socket)
      if sent == prefix.view.count + length { return }
      guard sent >= 0 || sent == -Int(EAGAIN) else {
        untaken &+= 1
        return disconnect()
      }
    }
    guard outgoing.append(prefix.view, frame, sent: max(0, sent)) else {
      untaken &+= 1
      if !isOverflowTold { onFault("passt at \(path) does not keep up: frames are dropped") }
      isOverflowTold = true
      return
    }
    _ = linux_poll_with(events.number, socket, 1, 1)
  }

  /// Sends what waits, as far as the socket takes it.
  private func sendWaiting() {
    guard let socket = socket?.number else { return }
    vector.fill(outgoing.unsent, [MemoryView]().span, 0)
    let sent = vector.send(to: socket)
    guard sent >= 0 else {
      if sent != -Int(EAGAIN) { disconnect() }
      return
    }
    outgoing.markSent(sent)
    guard outgoing.waiting == 0 else { return }
    isOverflowTold = false
    _ = linux_poll_with(events.number, socket, 0, 1)
  }

  // MARK: For the guest

  public override var nextLength: Int? {
    if let frame = incoming.first { return frame.count }
    if socket == nil { connectAgain() }
    if outgoing.waiting > 0 { sendWaiting() }
    guard let socket = socket?.number else { return nil }
    let room = incoming.room()
    let result = unsafe room.withUnsafeBytes { unsafe linux_receive(socket, $0.baseAddress, $0.count) }
    guard result > 0 else {
      if result != -Int(EAGAIN), result != -Int(EINTR) { disconnect() }
      return nil
    }
    incoming.markReceived(result)
    guard incoming.isSound else {
      disconnect()
      return nil
    }
    return incoming.first?.count
  }

  public override func receive(into buffers: borrowing Span<MemoryView>) {
    guard let frame = incoming.first else { return }
    var cursor = PieceCursor()
    cursor.copy(frame, to: buffers)
    incoming.removeFirst()
  }

  public override func dropNext() {
    incoming.removeFirst()
  }

  public override var descriptor: Int32? { events.number }

  public override var dropped: UInt64 { untaken }
}

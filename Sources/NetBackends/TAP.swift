import CLinux
import KVM
import VMM

/// A TAP interface of the host. Offloads pass in both directions: the kernel does what is left undone, and gives the
/// guest what it accepts.
///
/// The guest's frames go to the kernel from where they lie. One frame of the kernel's is read ahead into a buffer and
/// copied from there: a NIC must know a frame's length before it chooses buffers, and a TAP tells it no other way.
public final class TAP: NetBackend, @unchecked Sendable {
  private let interface: String
  private let tun: Descriptor
  private let vector = PieceVector()
  private let header = HostBuffer(count: Offload.headerCount)
  /// The frame read ahead, behind its header.
  private let ahead = HostBuffer(count: Offload.headerCount + NetBackend.longestFrame)
  private var aheadLength = 0
  private var aheadOffload = Offload.none
  private var accepted: Offloads = []
  private var untaken: UInt64 = 0
  /// The errno of the trouble at hand, which has been told; 0 for none.
  private var trouble: Int32 = 0
  private var isRefusalTold = false
  /// The interface was deleted, and is looked for until it is back.
  private var isGone = false
  private let retry: RetryTimer

  /// Attaches to the interface, which is made if there is none of the name: it then goes with the descriptor, and is down.
  ///
  /// - Throws: ``KVMError`` where there is no TAP to have.
  public init(interface: String) throws(KVMError) {
    let number = linux_open_tun()
    guard number >= 0 else {
      throw KVMError(
        "/dev/net/tun", errno: Int32(-number),
        advice: number == -Int(ENOENT) ? "'modprobe tun' as root brings it" : "run as root, or chmod it")
    }
    tun = Descriptor(owning: Int32(number))
    retry = try RetryTimer()
    self.interface = interface
    let result = unsafe linux_attach_tap(tun.number, interface, Int32(Offload.headerCount))
    guard result == 0 else {
      throw KVMError(
        "TAP \(interface)", errno: Int32(-result), advice: Self.advice(Int32(-result), interface))
    }
    super.init(name: "tap")
    guestAccepts([])
  }

  private static func advice(_ errno: Int32, _ interface: String) -> String {
    switch errno {
    case EPERM: "run as root, or 'ip tuntap add \(interface) mode tap user NAME' as root"
    case EBUSY: "another process or NIC has it"
    default: "is there an interface of that name that is no TAP?"
    }
  }

  // MARK: From the guest

  public override var accepts: Offloads { .all }

  public override func transmit(_ frame: borrowing Span<MemoryView>, _ offload: Offload) {
    guard frame.byteCount <= Self.longestFrame else {
      untaken &+= 1
      return
    }
    if isGone { attachAgain() }
    offload.store(in: header.view)
    vector.fill(header.view, frame, frame.byteCount)
    let result = vector.write(to: tun.number)
    guard result < 0 else {
      trouble = 0
      return
    }
    untaken &+= 1
    tell(Int32(-result))
  }

  /// Says what is wrong, once until it is right again.
  private func tell(_ errno: Int32) {
    if errno == EINVAL {
      // The frame's fault and not the interface's: a header that the kernel does not believe.
      if !isRefusalTold { onFault("TAP \(interface): the kernel refuses a frame of the guest's") }
      isRefusalTold = true
      return
    }
    if errno == EBADFD { lose() }
    guard errno != trouble else { return }
    trouble = errno
    let what =
      switch errno {
      case EIO: "it is down; 'ip link set \(interface) up' as root"
      case EBADFD: "it was deleted"
      case EAGAIN: "the kernel takes no more at the moment"
      default: unsafe String(cString: strerror(errno))
      }
    onFault("TAP \(interface): \(what); frames are dropped until it takes them again")
  }

  private func lose() {
    isGone = true
    retry.start()
  }

  /// Attaches to an interface of the name once there is one again; looks at most once each time the timer has rung. Makes
  /// none: whoever deleted it wanted that.
  private func attachAgain() {
    guard retry.hasRung(), unsafe linux_has_interface(interface) != 0,
      unsafe linux_attach_tap(tun.number, interface, Int32(Offload.headerCount)) == 0
    else { return }
    isGone = false
    trouble = 0
    retry.stop()
    guestAccepts(accepted)
  }

  // MARK: For the guest

  public override func guestAccepts(_ offloads: Offloads) {
    accepted = offloads
    var bits: UInt = 0
    // The kernel knows segmentation only with checksums, and ECN only with segmentation.
    if offloads.contains(.checksum) {
      bits = UInt(TUN_F_CSUM)
      if offloads.contains(.tcp4) { bits |= UInt(TUN_F_TSO4) }
      if offloads.contains(.tcp6) { bits |= UInt(TUN_F_TSO6) }
      if offloads.contains(.ecn), bits & UInt(TUN_F_TSO4 | TUN_F_TSO6) != 0 { bits |= UInt(TUN_F_TSO_ECN) }
    }
    _ = linux_set_tap_offload(tun.number, bits)
    if !aheadOffload.needs.isSubset(of: offloads) {
      untaken &+= 1
      dropNext()
    }
  }

  public override var nextLength: Int? {
    if isGone { attachAgain() }
    // Frames that the kernel had ready before the guest accepted less go nowhere; its queue is the bound.
    while aheadLength == 0, readAhead() {}
    return aheadLength > 0 ? aheadLength : nil
  }

  public override var nextOffload: Offload { aheadOffload }

  /// Reads the next frame, if there is one. True for one that the guest does not accept, which is forgotten.
  private func readAhead() -> Bool {
    guard !isGone else { return false }
    let result = unsafe ahead.view.withUnsafeBytes {
      unsafe linux_read(tun.number, $0.baseAddress, $0.count)
    }
    guard result > Offload.headerCount else {
      if result < 0, result != -Int(EAGAIN), result != -Int(EINTR) {
        lose()
        tell(Int32(-result))
      }
      return false
    }
    guard let offload = Offload(loadedFrom: ahead.view), offload.needs.isSubset(of: accepted) else {
      untaken &+= 1
      return true
    }
    aheadOffload = offload
    aheadLength = result - Offload.headerCount
    return false
  }

  public override func receive(into buffers: borrowing Span<MemoryView>) {
    var cursor = PieceCursor()
    cursor.copy(ahead.view.slice(Offload.headerCount, aheadLength)!, to: buffers)
    dropNext()
  }

  public override func dropNext() {
    aheadLength = 0
    aheadOffload = .none
  }

  public override var descriptor: Int32? { isGone ? retry.number : tun.number }

  public override var dropped: UInt64 { untaken }
}

import NetBackends
import VMM
import Virtio

/// The network device of virtio 1.2, section 5.1, with one pair of queues and a control queue.
///
/// What is dropped, and counted as such: a transmit chain that holds no frame of ``frameLengths`` behind its header,
/// or whose header contradicts the frame or asks for what cannot be done to it; and a received frame that can never
/// fit the receive chains whose turn it is (which stay for the next one). A received frame without enough receive
/// chains stays in the back end. One that the driver's filter keeps away is nothing that got lost, and is not counted.
public final class VirtioNet: VirtioDevice, @unchecked Sendable {
  /// receiveq1, transmitq1 and controlq (section 5.1.2).
  static let receiveQueue = 0
  static let transmitQueue = 1
  static let controlQueue = 2
  /// The largest queue that a driver may set up, and of those for commands.
  public static let maximumQueueSize: UInt16 = 1024
  public static let maximumControlQueueSize: UInt16 = 64
  /// Lengths in bytes of the frames that are carried: with segmentation a header of 14 bytes, and what IP can say of a
  /// packet's length (section 5.1.6.3.1).
  public static let frameLengths = 14...NetBackend.longestFrame
  /// The address of a NIC that is given none: locally administered.
  public static let defaultMAC: [UInt8] = [0x52, 0x54, 0x00, 0x12, 0x34, 0x56]
  /// The largest payload of a frame that a driver is to send, in bytes (section 5.1.4.1).
  public static let mtus = 68...65535
  public static let defaultMTU = 1500

  let backend: NetBackend
  let mac: [UInt8]
  let mtu: Int
  /// Does what the driver leaves undone and the back end does not do.
  let segmenter = Segmenter()
  let headerSpace = HostBuffer(count: NetHeader.count)
  let commandSpace = HostBuffer(count: 8)
  var counts = PacketCounters()
  /// What the driver leaves to us, and what we may leave to it.
  private(set) var transmitOffloads: Offloads = []
  private(set) var receiveOffloads: Offloads = []
  var filter: ReceiveFilter
  /// Whether frames wait in the back end for receive chains: there is nothing to wait for there then.
  var isStarved = false

  /// - Parameters:
  ///   - memory: where the driver's queues and buffers lie.
  ///   - backend: the far end of the wire.
  ///   - mac: six bytes.
  ///   - mtu: one of ``mtus``.
  public init(
    memory: GuestMemory, backend: NetBackend, mac: [UInt8] = defaultMAC, mtu: Int = defaultMTU
  ) {
    precondition(mac.count == 6 && Self.mtus.contains(mtu))
    self.backend = backend
    self.mac = mac
    self.mtu = mtu
    filter = ReceiveFilter(own: Self.address(mac), filtersVLANs: false)
    let sizes = [Self.maximumQueueSize, Self.maximumQueueSize, Self.maximumControlQueueSize]
    super.init(
      name: "virtio-net", type: 1, features: .offered,
      queues: sizes.map { SplitQueue(memory: memory, maximumSize: $0) },
      // Section 5.1.4: VIRTIO_NET_S_LINK_UP, and one pair of queues.
      config: mac + [1, 0, 1, 0, UInt8(truncatingIfNeeded: mtu), UInt8(truncatingIfNeeded: mtu >> 8)],
      configFields: [
        Register("mac", at: 0, count: 6), Register("status", at: 6, count: 2),
        Register("max_virtqueue_pairs", at: 8, count: 2), Register("mtu", at: 10, count: 2),
      ])
    backend.onFault = { [weak self] line in self?.fault(line) }
  }

  public override func serve(_ queues: UInt64) -> UInt64 {
    var unfinished: UInt64 = 0
    if queues & 1 << UInt64(Self.controlQueue) != 0 { unfinished |= control() }
    if queues & 1 << UInt64(Self.transmitQueue) != 0 { unfinished |= transmit() }
    // What was sent may have come back already.
    return unfinished | receive()
  }

  public override var descriptor: Int32 { isLive && !isStarved ? backend.descriptor ?? -1 : -1 }

  public override func objection(to features: VirtioFeatures) -> String? {
    features.missingDependency.map { "features \(hex(features.rawValue)) have \($0)" }
  }

  public override func negotiated() {
    transmitOffloads = driverFeatures.transmitOffloads
    filter = ReceiveFilter(own: filter.own, filtersVLANs: driverFeatures.contains(.controlVLAN))
    setReceiveOffloads(driverFeatures.receiveOffloads)
  }

  public override func wasReset() {
    transmitOffloads = []
    isStarved = false
    setReceiveOffloads([])
    setOwnAddress(Self.address(mac))
  }

  /// What the driver takes undone from now on.
  func setReceiveOffloads(_ offloads: Offloads) {
    receiveOffloads = offloads
    backend.guestAccepts(offloads)
  }

  /// The address by which the driver wants to be known from now on.
  func setOwnAddress(_ address: ReceiveFilter.Address) {
    guard filter.own != address else { return }
    filter.own = address
    changeConfiguration { config in
      for byte in 0..<6 { config.store(UInt8(truncatingIfNeeded: address >> (8 * UInt64(byte))), at: byte) }
    }
  }

  public override var packets: PacketCounters? {
    var counts = counts
    counts.lost = backend.lost
    counts.corrupt = backend.corrupt
    counts.dropped &+= backend.dropped
    return counts
  }

  /// Counts a frame that goes no further, and says why.
  func drop(_ reason: @autoclosure () -> String) {
    counts.dropped &+= 1
    fault(reason())
  }

  private static func address(_ mac: [UInt8]) -> ReceiveFilter.Address {
    mac.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}

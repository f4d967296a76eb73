import NetBackends
import Virtio

/// The features of a network device (virtio 1.2, section 5.1.3).
extension VirtioFeatures {
  /// VIRTIO_NET_F_CSUM: the device completes checksums.
  static let checksum = VirtioFeatures(rawValue: 1 << 0)
  /// VIRTIO_NET_F_GUEST_CSUM: the driver takes frames with incomplete checksums.
  static let guestChecksum = VirtioFeatures(rawValue: 1 << 1)
  /// VIRTIO_NET_F_CTRL_GUEST_OFFLOADS: the driver changes its mind about those while it runs.
  static let controlGuestOffloads = VirtioFeatures(rawValue: 1 << 2)
  /// VIRTIO_NET_F_MTU: the configuration space has the largest payload of a frame.
  static let mtu = VirtioFeatures(rawValue: 1 << 3)
  /// VIRTIO_NET_F_MAC: the configuration space has the address.
  static let mac = VirtioFeatures(rawValue: 1 << 5)
  /// VIRTIO_NET_F_GUEST_TSO4, TSO6, ECN: the driver takes TCP that is not cut.
  static let guestTSO4 = VirtioFeatures(rawValue: 1 << 7)
  static let guestTSO6 = VirtioFeatures(rawValue: 1 << 8)
  static let guestECN = VirtioFeatures(rawValue: 1 << 9)
  /// VIRTIO_NET_F_HOST_TSO4, TSO6, ECN: the device cuts TCP.
  static let hostTSO4 = VirtioFeatures(rawValue: 1 << 11)
  static let hostTSO6 = VirtioFeatures(rawValue: 1 << 12)
  static let hostECN = VirtioFeatures(rawValue: 1 << 13)
  /// VIRTIO_NET_F_MRG_RXBUF: a frame may lie in several receive chains.
  static let mergeableBuffers = VirtioFeatures(rawValue: 1 << 15)
  /// VIRTIO_NET_F_STATUS: the configuration space has the state of the link.
  static let status = VirtioFeatures(rawValue: 1 << 16)
  /// VIRTIO_NET_F_CTRL_VQ: there is a control queue; the others say which commands it takes.
  static let controlQueue = VirtioFeatures(rawValue: 1 << 17)
  static let controlReceive = VirtioFeatures(rawValue: 1 << 18)
  static let controlVLAN = VirtioFeatures(rawValue: 1 << 19)
  static let controlReceiveExtra = VirtioFeatures(rawValue: 1 << 20)
  static let controlMAC = VirtioFeatures(rawValue: 1 << 23)

  /// What a device of this type offers. What its back end does not do with a frame, the device does before.
  static let offered: VirtioFeatures = [
    .checksum, .hostTSO4, .hostTSO6, .hostECN, .guestChecksum, .controlGuestOffloads, .mtu, .mac, .guestTSO4,
    .guestTSO6, .guestECN, .mergeableBuffers,
    .status, .controlQueue, .controlReceive, .controlVLAN, .controlReceiveExtra, .controlMAC,
  ]

  /// Feature bits that need one of others beside them (section 5.1.3.1).
  private static let dependencies: [(features: VirtioFeatures, need: VirtioFeatures, name: String)] = [
    ([.guestTSO4, .guestTSO6], [.guestChecksum], "GUEST_TSO without GUEST_CSUM"),
    ([.guestECN], [.guestTSO4, .guestTSO6], "GUEST_ECN without GUEST_TSO"),
    ([.hostTSO4, .hostTSO6], [.checksum], "HOST_TSO without CSUM"),
    ([.hostECN], [.hostTSO4, .hostTSO6], "HOST_ECN without HOST_TSO"),
    (
      [.controlReceive, .controlReceiveExtra, .controlVLAN, .controlMAC, .controlGuestOffloads],
      [.controlQueue], "a CTRL feature without CTRL_VQ"
    ),
  ]

  /// What is missing beside these features; nil if nothing is.
  var missingDependency: String? {
    Self.dependencies.first { !isDisjoint(with: $0.features) && isDisjoint(with: $0.need) }?.name
  }

  /// Work that the driver may leave to the device, each feature with what it is.
  private static let transmitOffloads: [(feature: VirtioFeatures, offload: Offloads)] = [
    (.checksum, .checksum), (.hostTSO4, .tcp4), (.hostTSO6, .tcp6), (.hostECN, .ecn),
  ]
  /// Work that the device may leave to the driver.
  private static let receiveOffloads: [(feature: VirtioFeatures, offload: Offloads)] = [
    (.guestChecksum, .checksum), (.guestTSO4, .tcp4), (.guestTSO6, .tcp6), (.guestECN, .ecn),
  ]
  /// The features that a driver may switch while it runs, by the same bits (section 5.1.6.5.6.1).
  static let switchable: VirtioFeatures = [.guestChecksum, .guestTSO4, .guestTSO6, .guestECN]

  var transmitOffloads: Offloads { Self.offloads(of: self, by: Self.transmitOffloads) }
  var receiveOffloads: Offloads { Self.offloads(of: self, by: Self.receiveOffloads) }

  private static func offloads(
    of features: VirtioFeatures, by table: [(feature: VirtioFeatures, offload: Offloads)]
  ) -> Offloads {
    var offloads: Offloads = []
    for (feature, offload) in table where features.contains(feature) { offloads.insert(offload) }
    return offloads
  }
}

/// Which frames the driver wants (virtio 1.2, sections 5.1.6.5.1 to 5.1.6.5.3).
///
/// After a reset it is all of them, until the driver switches promiscuous mode off: a driver that knows nothing of
/// filters has to work too, and what it does not want it can always throw away.
struct ReceiveFilter: Equatable {
  /// An Ethernet address: its first byte in bits 0–7.
  typealias Address = UInt64

  static let broadcast: Address = 0xffff_ffff_ffff
  /// Entries of each table; a driver that wants more gets all frames of the kind.
  static let tableCapacity = 64

  /// The switches, each by its command of the class VIRTIO_NET_CTRL_RX.
  enum Mode: UInt8, CaseIterable {
    case promiscuous = 0
    case allMulticast, allUnicast, noMulticast, noUnicast, noBroadcast

    /// Whether it needs VIRTIO_NET_F_CTRL_RX_EXTRA.
    var isExtra: Bool { rawValue >= Mode.allUnicast.rawValue }
  }

  /// The addresses of a table, nil for all that there are.
  typealias Table = [Address]?

  /// The device's own address.
  var own: Address
  var unicast: Table = []
  var multicast: Table = []
  /// Whether frames of VLANs that were not added are kept away.
  var filtersVLANs: Bool
  private var modes: UInt8 = 1 << Mode.promiscuous.rawValue
  private var vlans: [UInt64] = []

  init(own: Address, filtersVLANs: Bool) {
    self.own = own
    self.filtersVLANs = filtersVLANs
  }

  /// Whether all frames pass, so that nobody needs to look.
  var isOpen: Bool { self[.promiscuous] }

  subscript(mode: Mode) -> Bool {
    get { modes & 1 << mode.rawValue != 0 }
    set { modes = modes & ~(1 << mode.rawValue) | (newValue ? 1 << mode.rawValue : 0) }
  }

  /// Adds a VLAN, below 4096, or takes it away.
  mutating func setVLAN(_ vlan: UInt16, _ isWanted: Bool) {
    if vlans.isEmpty { vlans = Array(repeating: 0, count: 64) }
    let bit: UInt64 = 1 << UInt64(vlan & 63)
    let word = Int(vlan >> 6)
    vlans[word] = vlans[word] & ~bit | (isWanted ? bit : 0)
  }

  /// Whether a frame for `destination` passes.
  ///
  /// - Parameter vlan: its VLAN, nil without a tag; 0 is a tag that carries a priority alone (IEEE 802.1Q).
  func admits(_ destination: Address, vlan: UInt16?) -> Bool {
    if isOpen { return true }
    if filtersVLANs, let vlan, vlan != 0 {
      guard !vlans.isEmpty, vlans[Int(vlan >> 6)] & 1 << UInt64(vlan & 63) != 0 else { return false }
    }
    if destination == Self.broadcast { return !self[.noBroadcast] }
    if destination & 1 != 0 {
      return !self[.noMulticast] && (self[.allMulticast] || multicast?.contains(destination) ?? true)
    }
    return !self[.noUnicast]
      && (self[.allUnicast] || destination == own || unicast?.contains(destination) ?? true)
  }
}

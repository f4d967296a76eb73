import E1000
import Virtio

/// A NIC as the user asks for it: `e1000,backend=tap,ifname=tap0`.
public struct NICSpecification: Equatable, Sendable, CustomStringConvertible {
  public enum Model: String, CaseIterable, Sendable {
    /// Intel 82540EM on PCI.
    case e1000
    /// virtio-net over PCI.
    case virtioNetPCI = "virtio-net-pci"
    /// virtio-net over virtio-mmio.
    case virtioNetMMIO = "virtio-net-mmio"

    /// The name, or `virtio-net`, which is short for the one over virtio-mmio.
    init?(name: some StringProtocol) {
      self.init(rawValue: name == "virtio-net" ? Self.virtioNetMMIO.rawValue : String(name))
    }

    /// The station's address unless the user gives one, of those that QEMU made usual.
    var defaultMAC: [UInt8] {
      switch self {
      case .virtioNetMMIO: [0x52, 0x54, 0x00, 0x12, 0x34, 0x56]
      case .e1000: [0x52, 0x54, 0x00, 0x12, 0x34, 0x57]
      case .virtioNetPCI: [0x52, 0x54, 0x00, 0x12, 0x34, 0x58]
      }
    }
  }

  /// The far end of the wire.
  public enum Backend: Equatable, Sendable {
    /// Nobody looks at the frames.
    case none
    /// Checks each frame.
    case sink
    /// Checks each frame and sends it back.
    case reflector
    /// Always has the next frame, of `size` bytes, until it has given out `frames`; 0 is without end.
    case source(size: Int, frames: UInt64)
    /// A network interface of the host, made if absent.
    case tap(interface: String)
    /// A passt process that listens at a socket.
    case passt(socket: String)
    /// One of two ends of a wire between two machines, which somebody hands to the board.
    case bridge
  }

  public var model: Model
  public var backend = Backend.sink
  /// Six bytes; the model's usual one unless the user gives one.
  public var mac: [UInt8]
  /// A file for all frames.
  public var pcap: String?
  /// Who serves the rings.
  public var queue = QueueService.vcpu
  /// The kernel wakes the thread that serves the rings, if one does; else the exit of the vCPU that notifies.
  public var ioeventfd = true
  /// What the device tells the driver, nil for the usual 1500.
  public var mtu: UInt16?
  /// The writes that wait in KVM's coalesced ring.
  public var coalesced = CoalescedWrites.none

  /// A NIC with a sink and nothing unusual.
  public init(_ model: Model) {
    self.model = model
    mac = model.defaultMAC
  }

  /// What of the host beside this process the NIC would open, as in its description; nil for nothing.
  public var reach: String? {
    if let pcap { return "pcap=\(pcap)" }
    return switch backend {
    case .tap, .passt: backend.words.joined(separator: ",")
    case .none, .sink, .reflector, .source, .bridge: nil
    }
  }

  /// All that is not as usual, in the order of the options; parsed it gives the same NIC.
  public var description: String {
    var words = [model.rawValue] + backend.words
    if mac != model.defaultMAC { words.append("mac=\(macText(mac))") }
    if let pcap { words.append("pcap=\(pcap)") }
    if queue != .vcpu { words.append("queue=\(queue.rawValue)") }
    if queue != .vcpu && !ioeventfd { words.append("ioeventfd=off") }
    if let mtu { words.append("mtu=\(mtu)") }
    if coalesced != .none { words.append("coalesced=\(coalesced.rawValue)") }
    return words.joined(separator: ",")
  }
}

extension NICSpecification.Backend {
  /// The usual length of a source's frames in bytes.
  public static let defaultSize = 60

  fileprivate var words: [String] {
    switch self {
    case .none: ["backend=none"]
    case .sink: ["backend=sink"]
    case .reflector: ["backend=reflector"]
    case .source(let size, let frames):
      ["backend=source"] + (size == Self.defaultSize ? [] : ["size=\(size)"])
        + (frames == 0 ? [] : ["frames=\(frames)"])
    case .tap(let interface): ["backend=tap", "ifname=\(interface)"]
    case .passt(let socket): ["backend=passt", "socket=\(socket)"]
    case .bridge: ["backend=bridge"]
    }
  }
}

private func macText(_ bytes: [UInt8]) -> String {
  bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
}

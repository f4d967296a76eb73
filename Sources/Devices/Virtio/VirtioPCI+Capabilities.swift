import PCI
import VMM

/// The capabilities of virtio over PCI (virtio 1.2, section 4.1.4), and the one through which a driver reaches the
/// registers without their window (section 4.1.4.9).
extension VirtioPCI {
  /// Offsets in `struct virtio_pci_cap`.
  private enum Field {
    static let bar = 4
    static let offset = 8
    static let length = 12
    static let count = 16
  }

  private static let accessType: UInt8 = 5

  static func capabilities(of device: VirtioDevice) -> [PCICapability] {
    PCIStructure.allCases.map { structure in
      switch structure {
      case .common: capability(structure, count: PCIRegister.count)
      case .isr: capability(structure, count: 1)
      case .device: capability(structure, count: device.config.view.count)
      case .notify:
        capability(
          structure, count: PCIStructure.notifyMultiplier * device.queues.count,
          more: bytes(UInt32(PCIStructure.notifyMultiplier)))
      }
    } + [access]
  }

  private static func capability(
    _ structure: PCIStructure, count: Int, more: [UInt8] = []
  ) -> PCICapability {
    PCICapability(
      id: PCICapability.vendor,
      body: [UInt8(Field.count + more.count), structure.type, 0, 0, 0, 0]
        + bytes(UInt32(structure.offset)) + bytes(UInt32(count)) + more)
  }

  /// The driver chooses bar, offset and length; the last four bytes are the data.
  private static var access: PCICapability {
    PCICapability(
      id: PCICapability.vendor,
      body: [UInt8(Field.count + 4), accessType] + [UInt8](repeating: 0, count: 16),
      writable: [0, 0, 0xff, 0, 0, 0] + [UInt8](repeating: 0xff, count: 12),
      live: Field.count..<(Field.count + 4))
  }

  private static func bytes(_ word: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) }
  }

  /// The access that the capability describes, nil where it is none that the driver may want.
  private var described: Access? {
    guard let live = function.live else { return nil }
    let start = live.lowerBound - Field.count
    let bar = Int(function.read(start + Field.bar, size: 1))
    let offset = Int(function.read(start + Field.offset, size: 4))
    let size = Int(function.read(start + Field.length, size: 4))
    guard let window = function.bars.first(where: { $0.index == bar })?.window,
      size == 1 || size == 2 || size == 4, offset % size == 0, offset + size <= Int(windows[window].count)
    else {
      fault("pci_cfg_data with bar \(bar), offset \(hex(offset)), length \(size)")
      return nil
    }
    return Access(window: window, offset: offset, size: size)
  }

  public func readLive(_ offset: Int, size: Int) -> UInt32 {
    guard let live = function.live, let access = described else { return ~0 }
    // Configuration space is read in double words: the data may be a part of what was asked for.
    let value = UInt32(truncatingIfNeeded: read(access))
    let distance = offset - live.lowerBound
    return distance >= 0 ? value &>> UInt32(8 * distance) : value &<< UInt32(-8 * distance)
  }

  public func liveWritten() {
    guard let live = function.live, let access = described else { return }
    write(access, access.truncate(UInt64(function.read(live.lowerBound, size: 4))))
  }
}

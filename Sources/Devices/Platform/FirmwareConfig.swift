import VMM

/// QEMU's fw_cfg, as much of it as a small kernel asks for: a selector chooses an item, and each read of the
/// data port gives the item's next byte (QEMU, docs/specs/fw_cfg). Beyond an item's end, and for items that
/// are not there, the bytes are 0.
public final class FirmwareConfig: Device, @unchecked Sendable {
  private let memorySize: UInt64
  private let processorCount: UInt64
  private var item: UInt64 = 0
  private var offset: UInt64 = 0

  /// - Parameters:
  ///   - memorySize: the guest's RAM in bytes.
  ///   - processorCount: its vCPUs, as many now as there will ever be.
  public init(memorySize: UInt64, processorCount: UInt16) {
    self.memorySize = memorySize
    self.processorCount = UInt64(processorCount)
    let registers = RegisterMap([Register("SELECTOR", at: 0), Register("DATA", at: 1)])
    super.init(name: "fw_cfg", windows: [Window(.port, base: 0x510, count: 2, registers: registers)])
  }

  /// The data port is one byte wide; the selector can't be read.
  public override func read(_ access: Access) -> UInt64 {
    guard access.offset == 1 else { return access.ones }
    let byte = offset < 8 ? item &>> (8 &* offset) & 0xff : 0
    offset = min(8, offset &+ 1)
    return access.ones & ~0xff | byte
  }

  /// The selector is 16 bits wide and so covers the data port, which takes no writes.
  public override func write(_ access: Access, _ value: UInt64) {
    guard access.offset == 0 else { return }
    item = content(of: UInt16(truncatingIfNeeded: value))
    offset = 0
  }

  /// The items' bytes as a little-endian number; none is longer than eight.
  private func content(of key: UInt16) -> UInt64 {
    switch key {
    case 0x00: 0x554d_4551  // FW_CFG_SIGNATURE, "QEMU"
    case 0x01: 1  // FW_CFG_ID: bit 0 is this interface, bit 1 would be DMA.
    case 0x03: memorySize  // FW_CFG_RAM_SIZE
    case 0x05: processorCount  // FW_CFG_NB_CPUS
    case 0x0f: processorCount  // FW_CFG_MAX_CPUS
    default: 0
    }
  }
}

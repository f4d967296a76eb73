import VMM

/// The control registers of virtio-mmio version 2, by their offsets (virtio 1.2, section 4.2.2).
enum MMIORegister: UInt32, CaseIterable {
  case magicValue = 0x000
  case version = 0x004
  case deviceID = 0x008
  case vendorID = 0x00c
  case deviceFeatures = 0x010
  case deviceFeaturesSel = 0x014
  case driverFeatures = 0x020
  case driverFeaturesSel = 0x024
  case queueSel = 0x030
  case queueNumMax = 0x034
  case queueNum = 0x038
  case queueReady = 0x044
  case queueNotify = 0x050
  case interruptStatus = 0x060
  case interruptACK = 0x064
  case status = 0x070
  case queueDescLow = 0x080
  case queueDescHigh = 0x084
  case queueDriverLow = 0x090
  case queueDriverHigh = 0x094
  case queueDeviceLow = 0x0a0
  case queueDeviceHigh = 0x0a4
  case shmSel = 0x0ac
  case shmLenLow = 0x0b0
  case shmLenHigh = 0x0b4
  case shmBaseLow = 0x0b8
  case shmBaseHigh = 0x0bc
  case queueReset = 0x0c0
  case configGeneration = 0x0fc

  /// Where the configuration space begins.
  static let config = 0x100

  /// The name in the specification: that of the case with its first word, `shm` or a letter, in capitals.
  var name: String {
    let name = "\(self)"
    let capitals = name.hasPrefix("shm") ? 3 : 1
    return name.prefix(capitals).uppercased() + name.dropFirst(capitals)
  }

  /// All of them, and behind them the fields of a configuration space. The unit is two bytes, because fields
  /// are as near to each other as that.
  static func map(configFields: [Register]) -> RegisterMap {
    let control = allCases.map { Register($0.name, at: Int($0.rawValue), count: 4) }
    let fields = configFields.map { Register($0.name, at: config + $0.offset, count: $0.count) }
    return RegisterMap(granule: 2, control + fields)
  }
}

import VMM

/// The common configuration structure of virtio over PCI, by its offsets (virtio 1.2, section 4.1.4.3).
enum PCIRegister: Int, CaseIterable {
  case deviceFeatureSelect = 0x00
  case deviceFeature = 0x04
  case driverFeatureSelect = 0x08
  case driverFeature = 0x0c
  case configMSIXVector = 0x10
  case numQueues = 0x12
  case deviceStatus = 0x14
  case configGeneration = 0x15
  case queueSelect = 0x16
  case queueSize = 0x18
  case queueMSIXVector = 0x1a
  case queueEnable = 0x1c
  case queueNotifyOff = 0x1e
  case queueDescLow = 0x20
  case queueDescHigh = 0x24
  case queueDriverLow = 0x28
  case queueDriverHigh = 0x2c
  case queueDeviceLow = 0x30
  case queueDeviceHigh = 0x34

  /// Length of the structure in bytes.
  static let count = 0x38

  /// Width in bytes. Fields of 64 bits are two of 32 each (section 4.1.3.1).
  var size: Int {
    switch self {
    case .deviceStatus, .configGeneration: 1
    case .configMSIXVector, .numQueues, .queueSelect, .queueSize, .queueMSIXVector, .queueEnable,
      .queueNotifyOff:
      2
    default: 4
    }
  }

  /// Whether it is the first half of a field of 64 bits.
  var isLow: Bool {
    switch self {
    case .queueDescLow, .queueDriverLow, .queueDeviceLow: true
    default: false
    }
  }

  /// The name in the specification; that of a half with the number of its first bit.
  var name: String {
    switch self {
    case .deviceFeatureSelect: "device_feature_select"
    case .deviceFeature: "device_feature"
    case .driverFeatureSelect: "driver_feature_select"
    case .driverFeature: "driver_feature"
    case .configMSIXVector: "config_msix_vector"
    case .numQueues: "num_queues"
    case .deviceStatus: "device_status"
    case .configGeneration: "config_generation"
    case .queueSelect: "queue_select"
    case .queueSize: "queue_size"
    case .queueMSIXVector: "queue_msix_vector"
    case .queueEnable: "queue_enable"
    case .queueNotifyOff: "queue_notify_off"
    case .queueDescLow: "queue_desc"
    case .queueDescHigh: "queue_desc+4"
    case .queueDriverLow: "queue_driver"
    case .queueDriverHigh: "queue_driver+4"
    case .queueDeviceLow: "queue_device"
    case .queueDeviceHigh: "queue_device+4"
    }
  }
}

/// Where the structures of the transport lie in their window (virtio 1.2, section 4.1.4).
enum PCIStructure: CaseIterable {
  case common, isr, device, notify

  /// Each has a page, that of notifications more.
  var offset: Int {
    switch self {
    case .common: 0x0000
    case .isr: 0x1000
    case .device: 0x2000
    case .notify: 0x3000
    }
  }

  /// `cfg_type`
  var type: UInt8 {
    switch self {
    case .common: 1
    case .notify: 2
    case .isr: 3
    case .device: 4
    }
  }

  /// Length of the window that holds them all.
  static let windowCount: UInt64 = 0x4000
  /// Distance of the queues' notification registers.
  static let notifyMultiplier = 4
  /// The one at an offset.
  static func at(_ offset: Int) -> PCIStructure {
    switch offset >> 12 {
    case 0: .common
    case 1: .isr
    case 2: .device
    default: .notify
    }
  }

  /// All registers, with the fields of a configuration space.
  static func map(queues: Int, configFields: [Register]) -> RegisterMap {
    let common = PCIRegister.allCases.map { Register($0.name, at: $0.rawValue, count: $0.size) }
    let fields = configFields.map { Register($0.name, at: device.offset + $0.offset, count: $0.count) }
    return RegisterMap(
      common + [Register("isr", at: isr.offset)] + fields
        + [Register("queue_notify", at: notify.offset, count: notifyMultiplier * queues)])
  }
}

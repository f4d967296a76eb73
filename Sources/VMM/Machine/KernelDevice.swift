/// The devices that KVM itself models (KVM_CREATE_IRQCHIP, KVM_CREATE_PIT2), and the addresses at which it answers.
public struct KernelDevice: Sendable {
  /// `lapic`, `pic`
  public let name: String
  public let ranges: [Window.Space: [ClosedRange<UInt64>]]

  public static let all = [
    KernelDevice(
      name: "lapic", ranges: [.memory: [0xfee0_0000...0xfee0_0fff], .msr: [0x800...0x8ff]]),
    KernelDevice(name: "ioapic", ranges: [.memory: [0xfec0_0000...0xfec0_00ff]]),
    KernelDevice(name: "pic", ranges: [.port: [0x20...0x21, 0xa0...0xa1, 0x4d0...0x4d1]]),
    KernelDevice(name: "pit", ranges: [.port: [0x40...0x43, 0x61...0x61]]),
  ]

  /// Their ports and memory, at which no window of a device is reached.
  static var reserved: [Bus.Reserved] {
    all.flatMap { device in
      [Window.Space.port, .memory].flatMap { space in
        (device.ranges[space] ?? []).map { Bus.Reserved(space: space, range: $0, name: device.name) }
      }
    }
  }
}

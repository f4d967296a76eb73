import NetBackends
import VMM
import Virtio

/// The commands of the control queue (virtio 1.2, section 5.1.6.5).
extension VirtioNet {
  /// VIRTIO_NET_OK and VIRTIO_NET_ERR
  private static let ok: UInt8 = 0
  private static let error: UInt8 = 1

  /// The class, the command within it, and the feature that it needs.
  private enum Command {
    case receiveMode(ReceiveFilter.Mode)
    case setAddressTables
    case setAddress
    case addVLAN
    case deleteVLAN
    case setGuestOffloads

    init?(_ group: UInt8, _ number: UInt8) {
      switch (group, number) {
      case (0, _):
        guard let mode = ReceiveFilter.Mode(rawValue: number) else { return nil }
        self = .receiveMode(mode)
      case (1, 0): self = .setAddressTables
      case (1, 1): self = .setAddress
      case (2, 0): self = .addVLAN
      case (2, 1): self = .deleteVLAN
      case (5, 0): self = .setGuestOffloads
      default: return nil
      }
    }

    var feature: VirtioFeatures {
      switch self {
      case .receiveMode(let mode): mode.isExtra ? .controlReceiveExtra : .controlReceive
      case .setAddressTables: .controlReceive
      case .setAddress: .controlMAC
      case .addVLAN, .deleteVLAN: .controlVLAN
      case .setGuestOffloads: .controlGuestOffloads
      }
    }
  }

  func control() -> UInt64 {
    guard driverFeatures.contains(.controlQueue) else { return 0 }
    return work(on: Self.controlQueue) { queue, most throws(QueueError) in
      for _ in 0..<most {
        guard try queue.pop() else { return .starved }
        queue.complete(written: answer(queue.chain))
      }
      return .full
    }
  }

  /// Does a command and writes how that went into the first writable byte; the number of bytes written.
  private func answer(_ chain: DescriptorChain) -> Int {
    guard chain.writableCount > 0 else {
      fault("command without room for an answer")
      return 0
    }
    let status = commandSpace.view.slice(0, 1)!
    let isDone = execute(chain)
    status.store(isDone ? Self.ok : Self.error, at: 0)
    chain.write(status)
    return 1
  }

  /// A command that is malformed, unknown or not negotiated changes nothing.
  private func execute(_ chain: DescriptorChain) -> Bool {
    guard let group = read(UInt8.self, chain), let number = read(UInt8.self, chain) else {
      fault("command of less than 2 bytes")
      return false
    }
    guard let command = Command(group, number), driverFeatures.contains(command.feature) else {
      fault("command \(number) of class \(group), which is not offered or was not negotiated")
      return false
    }
    guard execute(command, chain) else {
      fault("command \(number) of class \(group) has data that it cannot have")
      return false
    }
    return true
  }

  private func execute(_ command: Command, _ chain: DescriptorChain) -> Bool {
    switch command {
    case .receiveMode(let mode):
      guard let isOn = read(UInt8.self, chain), isOn <= 1, chain.readableCount == 0 else { return false }
      filter[mode] = isOn == 1
    case .setAddressTables:
      guard let unicast = readTable(chain), let multicast = readTable(chain), chain.readableCount == 0 else {
        return false
      }
      filter.unicast = unicast
      filter.multicast = multicast
    case .setAddress:
      // A group of stations is no sender.
      guard let address = readAddress(chain), chain.readableCount == 0, address & 1 == 0 else { return false }
      setOwnAddress(address)
    case .addVLAN, .deleteVLAN:
      guard let vlan = read(UInt16.self, chain), chain.readableCount == 0, vlan < 4096 else { return false }
      if case .addVLAN = command { filter.setVLAN(vlan, true) } else { filter.setVLAN(vlan, false) }
    case .setGuestOffloads:
      guard let bits = read(UInt64.self, chain), chain.readableCount == 0 else { return false }
      let wanted = VirtioFeatures(rawValue: bits)
      guard wanted.isSubset(of: driverFeatures.intersection(.switchable)) else { return false }
      setReceiveOffloads(wanted.receiveOffloads)
    }
    return true
  }

  private func read<T: GuestInteger>(_ type: T.Type, _ chain: DescriptorChain) -> T? {
    let space = commandSpace.view.slice(0, MemoryLayout<T>.size)!
    guard chain.readableCount >= space.count else { return nil }
    chain.read(into: space)
    return space.load(at: 0)
  }

  private func readAddress(_ chain: DescriptorChain) -> ReceiveFilter.Address? {
    guard chain.readableCount >= 6, let low = read(UInt32.self, chain), let high = read(UInt16.self, chain)
    else { return nil }
    return UInt64(low) | UInt64(high) << 32
  }

  /// `struct virtio_net_ctrl_mac`: nil for one that is cut short, and a table of nil for more addresses than are kept.
  private func readTable(_ chain: DescriptorChain) -> ReceiveFilter.Table? {
    guard let count = read(UInt32.self, chain), Int(count) * 6 <= chain.readableCount else { return nil }
    guard count <= ReceiveFilter.tableCapacity else {
      chain.skip(Int(count) * 6)
      return .some(nil)
    }
    var table: [ReceiveFilter.Address] = []
    for _ in 0..<count { readAddress(chain).map { table.append($0) } }
    return table
  }
}

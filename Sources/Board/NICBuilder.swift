import E1000
import KVM
import NetBackends
import PCI
import VMM
import Virtio
import VirtioNet

/// Puts NICs into a machine: each model has its place (docs/guest-abi.md).
struct NICBuilder {
  private let machine: Machine
  private let host: PCIHost
  private let connect: (Int) -> InterruptLine
  private let wire: NetBackend?
  /// Words that the guest's command line needs to find the NICs.
  private(set) var commandLineSuffix = ""
  /// What rings the NICs' alarms.
  private(set) var alarms: [Watch] = []

  /// - Parameters:
  ///   - wire: the end that a NIC with a bridge behind it gets.
  ///   - connect: the interrupt line of a device, by the line's number.
  init(
    _ machine: Machine, _ host: PCIHost, wire: NetBackend?,
    connect: @escaping (Int) -> InterruptLine
  ) {
    self.machine = machine
    self.host = host
    self.wire = wire
    self.connect = connect
  }

  /// - Throws: ``MachineError`` where the host has not what the NIC or its back end needs.
  mutating func make(_ nic: NICSpecification) throws(MachineError) -> Device {
    let backend = try nic.makeBackend(wire)
    do throws(KVMError) {
      switch nic.model {
      case .e1000: return try makeE1000(nic, backend)
      case .virtioNetMMIO: return try makeVirtioMMIO(nic, backend)
      case .virtioNetPCI: return try makeVirtioPCI(nic, backend)
      }
    } catch { throw .kvm(error) }
  }

  private mutating func makeE1000(
    _ nic: NICSpecification, _ backend: NetBackend
  ) throws(KVMError) -> Device {
    let alarm = try ClockAlarm.make()
    let mac = nic.mac
    let e1000 = E1000(
      memory: machine.memory, backend: backend, interrupt: connect(11), alarm: alarm,
      mac: MACAddress(mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]),
      message: machine.hasMessageInterrupts ? try machine.messageInterrupt() : nil, coalesced: nic.coalesced)
    alarms.append(alarm.watch(for: e1000))
    host.attach(e1000, at: 3)
    return e1000
  }

  private mutating func makeVirtioMMIO(
    _ nic: NICSpecification, _ backend: NetBackend
  ) throws(KVMError) -> Device {
    let base: GuestAddress = 0xd000_0000
    commandLineSuffix = "virtio_mmio.device=4K@\(hex(base)):5"
    return try VirtioMMIO(
      device: virtioNet(nic, backend), base: base, interrupt: connect(5), service: nic.queue,
      ioeventfd: nic.ioeventfd)
  }

  private func makeVirtioPCI(
    _ nic: NICSpecification, _ backend: NetBackend
  ) throws(KVMError) -> Device {
    let net = virtioNet(nic, backend)
    // One for each queue and one for the configuration; none where the machine takes no messages.
    var messages: [MessageInterrupt] = []
    if machine.hasMessageInterrupts {
      for _ in 0...net.queues.count { messages.append(try machine.messageInterrupt()) }
    }
    let transport = try VirtioPCI(
      device: net, base: 0xfebe_0000, messageBase: 0xfebf_0000, interrupt: connect(10),
      interruptLine: 10, messages: messages, service: nic.queue, ioeventfd: nic.ioeventfd)
    host.attach(transport, at: 4)
    return transport
  }

  private func virtioNet(_ nic: NICSpecification, _ backend: NetBackend) -> VirtioNet {
    VirtioNet(
      memory: machine.memory, backend: backend, mac: nic.mac,
      mtu: nic.mtu.map(Int.init) ?? VirtioNet.defaultMTU)
  }
}

import CKVM
import CLinux

/// A virtual machine of KVM: memory slots, interrupt controllers, vCPUs.
public final class VirtualMachine: Sendable {
  let descriptor: Descriptor
  private let runSize: Int

  init(descriptor: consuming Descriptor, runSize: Int) {
    self.descriptor = descriptor
    self.runSize = runSize
  }

  /// Gives KVM the three pages for its task state segment, and the page for its identity map, that VT-x
  /// without unrestricted guest needs. They lie below 4 GiB, in the hole.
  public func reservePages(taskState: UInt64, identityMap: UInt64) throws(KVMError) {
    var identityMap = identityMap
    _ = try unsafe check(
      ckvm_call_with(descriptor.number, KVM_SET_IDENTITY_MAP_ADDR_, &identityMap),
      "KVM_SET_IDENTITY_MAP_ADDR")
    _ = try check(ckvm_call(descriptor.number, KVM_SET_TSS_ADDR_, UInt(taskState)), "KVM_SET_TSS_ADDR")
  }

  /// Shows `count` bytes of the process, at `host`, to the guest at `address`. They stay mapped as long as
  /// the machine lives.
  @unsafe
  public func setMemory(
    slot: Int, at address: UInt64, host: UnsafeMutableRawPointer, count: Int
  ) throws(KVMError) {
    var region = kvm_userspace_memory_region(
      slot: UInt32(slot), flags: 0, guest_phys_addr: address, memory_size: UInt64(count),
      userspace_addr: UInt64(UInt(bitPattern: host)))
    _ = try unsafe check(
      ckvm_call_with(descriptor.number, KVM_SET_USER_MEMORY_REGION_, &region), "KVM_SET_USER_MEMORY_REGION",
      advice: "the guest may have too much memory for this host: try a smaller --memory")
  }

  /// Makes the in-kernel PIC, IOAPIC, a LAPIC for each vCPU made afterwards, and the PIT.
  public func makeInterruptControllers() throws(KVMError) {
    _ = try check(ckvm_call(descriptor.number, KVM_CREATE_IRQCHIP_, 0), "KVM_CREATE_IRQCHIP")
    var pit = kvm_pit_config()
    // Port 0x61 belongs to the PIT's speaker gate, which tiny kernels use to time a delay.
    pit.flags = KVM_PIT_SPEAKER_DUMMY.magnitude
    _ = try unsafe check(ckvm_call_with(descriptor.number, KVM_CREATE_PIT2_, &pit), "KVM_CREATE_PIT2")
  }

  /// Sets the level of an input of the in-kernel interrupt controllers.
  public func setInterrupt(_ number: UInt32, asserted: Bool) throws(KVMError) {
    var level = kvm_irq_level()
    level.irq = number
    level.level = asserted ? 1 : 0
    _ = try unsafe check(ckvm_call_with(descriptor.number, KVM_IRQ_LINE_, &level), "KVM_IRQ_LINE")
  }

  /// Lets KVM keep writes to a range in the coalesced ring instead of leaving the guest for each.
  ///
  /// - Parameters:
  ///   - address: first port or guest physical address.
  ///   - isPort: which of the two it is; ports need KVM_CAP_COALESCED_PIO.
  public func coalesceWrites(at address: UInt64, count: UInt32, isPort: Bool) throws(KVMError) {
    var zone = kvm_coalesced_mmio_zone()
    zone.addr = address
    zone.size = count
    if isPort { unsafe ckvm_set_port_zone(&zone) }
    _ = try unsafe check(
      ckvm_call_with(descriptor.number, KVM_REGISTER_COALESCED_MMIO_, &zone), "KVM_REGISTER_COALESCED_MMIO")
  }

  /// Takes back what ``coalesceWrites(at:count:isPort:)`` asked for: every range that contains all of this one.
  public func exitOnWrites(at address: UInt64, count: UInt32, isPort: Bool) throws(KVMError) {
    var zone = kvm_coalesced_mmio_zone()
    zone.addr = address
    zone.size = count
    if isPort { unsafe ckvm_set_port_zone(&zone) }
    _ = try unsafe check(
      ckvm_call_with(descriptor.number, KVM_UNREGISTER_COALESCED_MMIO_, &zone),
      "KVM_UNREGISTER_COALESCED_MMIO")
  }

  /// Makes a vCPU. The first has index 0; the others wait for INIT and SIPI from it.
  public func makeVCPU(_ index: Int) throws(KVMError) -> VCPU {
    let number = try check(
      ckvm_call(descriptor.number, KVM_CREATE_VCPU_, UInt(index)), "KVM_CREATE_VCPU",
      advice: "vCPU \(index)")
    return try VCPU(index: index, descriptor: Descriptor(owning: Int32(number)), runSize: runSize)
  }
}

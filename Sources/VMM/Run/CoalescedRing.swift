import CGuestMemory
import CKVM
import KVM

/// The writes that KVM kept instead of leaving the guest for each (KVM_CAP_COALESCED_MMIO).
///
/// One ring serves all vCPUs of a machine; whoever comes back first empties it, and the others wait, for
/// their own exit may be ordered after a write in the ring.
@safe
final class CoalescedRing: @unchecked Sendable {
  private let ring: UnsafeMutablePointer<kvm_coalesced_mmio_ring>
  private let capacity: UInt32
  private let gate = Gate()

  private static let pageSize = 4096

  /// - Parameters:
  ///   - vcpu: any vCPU of the machine; the ring lies in its mapping.
  ///   - page: what KVM says to KVM_CAP_COALESCED_MMIO, the ring's page in that mapping.
  convenience init(_ vcpu: VCPU, page: Int) {
    unsafe self.init(page: UnsafeMutableRawPointer(vcpu.run) + page * Self.pageSize)
  }

  /// - Parameter page: the ring's page itself, which outlives this.
  init(page: UnsafeMutableRawPointer) {
    unsafe ring = page.assumingMemoryBound(to: kvm_coalesced_mmio_ring.self)
    // As the kernel counts: what fits into the page beside the two indices.
    capacity = UInt32(
      (Self.pageSize - MemoryLayout<kvm_coalesced_mmio_ring>.size) / MemoryLayout<kvm_coalesced_mmio>.stride)
  }

  /// Hands every write in the ring to its device, in order.
  func drain(_ server: ExitServer) {
    gate.close()
    defer { gate.open() }
    var first = unsafe ring.pointee.first
    // The kernel goes on writing meanwhile; what comes after this look waits for the next exit.
    let last = unsafe guest_load32(&ring.pointee.last)
    while first != last, first < capacity {
      let entry = unsafe ckvm_coalesced_entries(ring) + Int(first)
      let isPort = unsafe ckvm_coalesced_is_port(entry) != 0
      let value = unsafe withUnsafeBytes(of: entry.pointee.data) { unsafe $0.loadUnaligned(as: UInt64.self) }
      unsafe server.serveCoalesced(
        isPort ? .port : .memory, entry.pointee.phys_addr, size: UInt8(truncatingIfNeeded: entry.pointee.len),
        value)
      first = (first &+ 1) % capacity
      unsafe ring.pointee.first = first
    }
  }
}

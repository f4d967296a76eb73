import CKVM

@testable import VMM

/// The kernel's part in an exit without a kernel: fills the page that KVM would share, and reads the answer.
@safe
final class FakeKernel {
  /// As KVM lays it out: struct kvm_run, a page for the data of port accesses, a page for the coalesced ring.
  private let pages = HostBuffer(count: 3 * FakeKernel.pageSize)
  private static let pageSize = 4096
  /// As many writes fit into the ring's page, beside two indices of 4 bytes; one place stays empty.
  static let ringCapacity = (pageSize - 8) / 24

  let bus: Bus
  let ledger: Ledger
  private let server: ExitServer

  init(_ devices: [Device]) throws {
    bus = try Bus(devices)
    ledger = try Ledger(layout: bus.layout)
    server = try unsafe ExitServer(
      shared: Self.address(ofPage: 0, of: pages).assumingMemoryBound(to: kvm_run.self), bus: bus,
      ledger: ledger)
  }

  private static func address(ofPage page: Int, of pages: HostBuffer) -> UnsafeMutableRawPointer {
    unsafe pages.view.withUnsafeBytes { unsafe $0.baseAddress! + page * pageSize }
  }

  private var run: UnsafeMutablePointer<kvm_run> { unsafe server.shared }

  /// One KVM_EXIT_IO. The data come and go as bytes, `size` for each item.
  func port(_ port: UInt16, size: Int, count: Int, isWrite: Bool, data: [UInt8] = []) -> [UInt8] {
    unsafe run.pointee.exit_reason = KVM_EXIT_IO.magnitude
    unsafe run.pointee.io.direction = UInt8((isWrite ? KVM_EXIT_IO_OUT : KVM_EXIT_IO_IN).magnitude)
    unsafe run.pointee.io.size = UInt8(size)
    unsafe run.pointee.io.port = port
    unsafe run.pointee.io.count = UInt32(count)
    unsafe run.pointee.io.data_offset = UInt64(Self.pageSize)
    // What lies behind the data is not the device's business: it must show in no answer and no write.
    let page = pages.view.slice(Self.pageSize, Self.pageSize)!
    page.copy(from: [UInt8](repeating: 0xa5, count: Self.pageSize))
    page.copy(from: data)
    unsafe server.servePort(server.shared, server.ports, since: 0)
    return page.slice(0, size * count)!.bytes
  }

  /// One KVM_EXIT_MMIO, whose data are always eight bytes; KVM takes the first `size` of the answer.
  func memory(_ address: UInt64, size: Int, isWrite: Bool, _ value: UInt64 = 0) -> UInt64 {
    unsafe run.pointee.exit_reason = KVM_EXIT_MMIO.magnitude
    unsafe run.pointee.mmio.phys_addr = address
    unsafe run.pointee.mmio.len = UInt32(size)
    unsafe run.pointee.mmio.is_write = isWrite ? 1 : 0
    unsafe withUnsafeMutableBytes(of: &run.pointee.mmio.data) {
      unsafe $0.storeBytes(of: value, as: UInt64.self)
    }
    server.serveMemory(since: 0)
    return unsafe withUnsafeBytes(of: run.pointee.mmio.data) { unsafe $0.loadUnaligned(as: UInt64.self) }
      & Access(offset: 0, size: size).ones
  }

  /// One KVM_EXIT_X86_RDMSR or _WRMSR: the answer, nil for #GP.
  func msr(_ index: UInt32, isWrite: Bool, _ value: UInt64 = 0) -> UInt64? {
    unsafe run.pointee.msr.index = index
    unsafe run.pointee.msr.data = value
    unsafe run.pointee.msr.error = 0xff
    server.serveMSR(isWrite: isWrite, since: 0)
    return unsafe run.pointee.msr.error == 0 ? run.pointee.msr.data : nil
  }

  // MARK: The coalesced ring

  private var ring: UnsafeMutablePointer<kvm_coalesced_mmio_ring> {
    unsafe Self.address(ofPage: 2, of: pages).assumingMemoryBound(to: kvm_coalesced_mmio_ring.self)
  }

  /// Keeps a write in the ring, as KVM does; false where there is no room, and the guest exits.
  func coalesce(_ space: Window.Space, _ address: UInt64, size: Int, _ value: UInt64) -> Bool {
    let last = unsafe ring.pointee.last
    let next = (last + 1) % UInt32(Self.ringCapacity)
    guard unsafe next != ring.pointee.first else { return false }
    var entry = kvm_coalesced_mmio()
    entry.phys_addr = address
    entry.len = UInt32(size)
    entry.pio = space == .port ? 1 : 0
    unsafe withUnsafeMutableBytes(of: &entry.data) { unsafe $0.storeBytes(of: value, as: UInt64.self) }
    unsafe ckvm_coalesced_entries(ring)[Int(last)] = entry
    unsafe ring.pointee.last = next
    return true
  }

  /// What the run loop uses to empty the ring.
  private lazy var drainer = unsafe CoalescedRing(page: Self.address(ofPage: 2, of: pages))

  func drain() { drainer.drain(server) }

  var ringIsEmpty: Bool { unsafe ring.pointee.first == ring.pointee.last }
}

import CKVM
import CLinux
import KVM

/// Answers the exits that concern devices: from the page that KVM shares, to the device, to the ledger.
///
/// It needs the page alone, not KVM, so a test can play the kernel. ``servePort(since:)`` and
/// ``serveMemory(since:)`` are the exit path proper: nothing on it allocates, counts references or calls a
/// lock.
@safe
final class ExitServer: @unchecked Sendable {
  private let shared: UnsafeMutablePointer<kvm_run>
  private let routes: UnsafeMutablePointer<Route>
  private let ports: UnsafeMutablePointer<UInt8>
  private let words: UnsafeMutablePointer<UInt64>
  private let bus: Bus
  private let ledger: Ledger

  init(shared: UnsafeMutablePointer<kvm_run>, bus: Bus, ledger: Ledger) {
    unsafe self.shared = unsafe shared
    unsafe routes = bus.routes
    unsafe ports = bus.ports
    unsafe words = ledger.words
    self.bus = bus
    self.ledger = ledger
  }

  /// KVM_EXIT_IO: `count` items of `size` bytes, one after the other in the shared page, all to one port.
  @inline(__always)
  func servePort(since start: UInt64) {
    let port = unsafe shared.pointee.io.port
    let isWrite = unsafe shared.pointee.io.direction == KVM_EXIT_IO_OUT.magnitude
    let route = unsafe routes + Int(ports[Int(port)])
    guard unsafe shared.pointee.io.count == 1, unsafe route.pointee.firstLine >= 0 else {
      serveRarePort(since: start)
      return
    }
    let offset = unsafe UInt64(port) &- route.pointee.base
    unsafe access(route, offset, size: shared.pointee.io.size, isWrite: isWrite, portData)
    unsafe record(route.pointee.line(at: offset, isWrite: isWrite), since: start)
  }

  /// String accesses, and ports that nobody claims. `rep ins` and `rep outs` advance the data, not the port:
  /// one exit, many accesses.
  @inline(never)
  private func serveRarePort(since start: UInt64) {
    let io = unsafe shared.pointee.io
    let route = unsafe routes + Int(ports[Int(io.port)])
    let isWrite = io.direction == KVM_EXIT_IO_OUT.magnitude
    let line = unsafe line(route, .port, UInt64(io.port), isWrite: isWrite)
    let size = Int(io.size)
    for item in 0..<Int(io.count) {
      let place = unsafe portData + item &* size
      var word: UInt64 = 0
      if isWrite { unsafe memcpy(&word, place, size) }
      unsafe access(route, UInt64(io.port) &- route.pointee.base, size: io.size, isWrite: isWrite, &word)
      if !isWrite { unsafe memcpy(place, &word, size) }
    }
    record(line, since: start)
    if io.count > 1 { ledger.recordItems(line, Int(io.count) - 1) }
  }

  /// The first item of a port access.
  @inline(__always)
  private var portData: UnsafeMutableRawPointer {
    unsafe UnsafeMutableRawPointer(shared) + Int(truncatingIfNeeded: shared.pointee.io.data_offset)
  }

  /// KVM_EXIT_MMIO: up to eight bytes, in the shared structure itself.
  @inline(__always)
  func serveMemory(since start: UInt64) {
    let address = unsafe shared.pointee.mmio.phys_addr
    let isWrite = unsafe shared.pointee.mmio.is_write != 0
    let route = unsafe routes + bus.route(toMemory: address)
    let line = unsafe line(route, .memory, address, isWrite: isWrite)
    let size = unsafe UInt8(truncatingIfNeeded: shared.pointee.mmio.len)
    unsafe withUnsafeMutablePointer(to: &shared.pointee.mmio.data) {
      unsafe access(route, address &- route.pointee.base, size: size, isWrite: isWrite, $0)
    }
    record(line, since: start)
  }

  /// KVM_EXIT_X86_RDMSR and KVM_EXIT_X86_WRMSR. Nobody's register raises #GP, as on a processor.
  func serveMSR(isWrite: Bool, since start: UInt64) {
    let index = unsafe UInt64(shared.pointee.msr.index)
    let route = unsafe routes + bus.route(toMSR: index)
    let isClaimed = unsafe route.pointee.firstLine >= 0
    unsafe shared.pointee.msr.error = isClaimed ? 0 : 1
    if isClaimed {
      unsafe withUnsafeMutablePointer(to: &shared.pointee.msr.data) {
        unsafe access(route, index &- route.pointee.base, size: 8, isWrite: isWrite, $0)
      }
    }
    unsafe record(line(route, .msr, index, isWrite: isWrite), since: start)
  }

  /// A write that KVM kept in the coalesced ring: the device gets it, the ledger counts it as no exit.
  func serveCoalesced(_ space: Window.Space, _ address: UInt64, size: UInt8, _ value: UInt64) {
    let number =
      space == .port
      ? Int(unsafe ports[Int(UInt16(truncatingIfNeeded: address))]) : bus.route(toMemory: address)
    let route = unsafe routes + number
    var value = value
    unsafe access(route, address &- route.pointee.base, size: size, isWrite: true, &value)
    ledger.recordCoalesced(unsafe line(route, space, address, isWrite: true))
  }

  /// The line of the ledger for an access, whether a device claims it or not.
  @inline(__always)
  private func line(
    _ route: UnsafeMutablePointer<Route>, _ space: Window.Space, _ address: UInt64, isWrite: Bool
  ) -> Int {
    guard unsafe route.pointee.firstLine >= 0 else {
      return ledger.unclaimedLine(space, address) &+ (isWrite ? 1 : 0)
    }
    return unsafe route.pointee.line(at: address &- route.pointee.base, isWrite: isWrite)
  }

  @inline(__always)
  private func record(_ line: Int, since start: UInt64) {
    unsafe LedgerLine.record(words, line, ticks: ckvm_timestamp() &- start)
  }

  /// Lets the device answer. Eight bytes at `data` belong to the access, whatever its size.
  @inline(__always)
  private func access(
    _ route: UnsafeMutablePointer<Route>, _ offset: UInt64, size: UInt8, isWrite: Bool,
    _ data: UnsafeMutableRawPointer
  ) {
    let access = unsafe Access(
      window: Int(route.pointee.window), offset: Int(truncatingIfNeeded: offset), size: Int(size))
    unsafe route.pointee.device._withUnsafeGuaranteedRef { device in
      device.gate.close()
      if isWrite {
        unsafe device.write(access, data.loadUnaligned(as: UInt64.self) & access.ones)
      } else {
        unsafe data.storeBytes(of: device.read(access), as: UInt64.self)
      }
      device.gate.open()
    }
  }
}

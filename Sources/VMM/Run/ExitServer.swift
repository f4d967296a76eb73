import CKVM
import CLinux
import KVM

/// Answers the exits that concern devices: from the page that KVM shares, to the device, to the ledger.
///
/// It needs the page alone, not KVM, so a test can play the kernel. ``servePort(_:_:since:)`` and
/// ``serveMemory(since:)`` are the exit path proper, which ``RunLoop`` takes in line: nothing on it allocates, counts
/// references or calls a lock.
@safe
final class ExitServer: @unchecked Sendable {
  let shared: UnsafeMutablePointer<kvm_run>
  let ports: UnsafeMutablePointer<PortTable.Entry?>
  private let routes: UnsafeMutablePointer<Route>
  private let words: UnsafeMutablePointer<UInt64>
  private let bus: Bus
  private let ledger: Ledger
  private let table: PortTable

  /// - Throws: ``GuestMemoryError`` where there is no memory for its tables.
  init(
    shared: UnsafeMutablePointer<kvm_run>, bus: Bus, ledger: Ledger
  ) throws(GuestMemoryError) {
    table = try PortTable(bus, ledger)
    unsafe self.shared = unsafe shared
    unsafe ports = table.entries
    unsafe routes = bus.routes
    unsafe words = ledger.words
    self.bus = bus
    self.ledger = ledger
  }

  /// KVM_EXIT_IO. A write of one item to a port that a device claims is served here, all else out of line.
  ///
  /// - Parameters:
  ///   - shared: ``shared``, and
  ///   - ports: ``ports``, which the loop keeps at hand.
  @inline(__always)
  func servePort(
    _ shared: UnsafeMutablePointer<kvm_run>, _ ports: UnsafeMutablePointer<PortTable.Entry?>,
    since start: UInt32
  ) {
    let place = unsafe ports + Int(ckvm_port(shared))
    guard unsafe _fastPath(ckvm_port_count(shared) == 1), unsafe _fastPath(ckvm_port_is_write(shared) != 0),
      let entry = unsafe place.pointee
    else {
      servePortOutOfLine(since: start)
      return
    }
    unsafe entry.device._withUnsafeGuaranteedRef { device in
      device.gate.close()
      let access = unsafe Access(bits: place.pointee.unsafelyUnwrapped.access | ckvm_port_kind(shared))
      unsafe device.write(access, ckvm_data(ckvm_port_data(shared), access.size))
      device.gate.open()
    }
    let line = unsafe place.pointee.unsafelyUnwrapped.line + LedgerLine.words
    unsafe LedgerLine.record(line, ticks: ckvm_timestamp() &- start)
  }

  /// Reads of one item; and what is rare.
  @inline(never)
  private func servePortOutOfLine(since start: UInt32) {
    guard unsafe ckvm_port_count(shared) == 1, let entry = unsafe ports[Int(ckvm_port(shared))],
      unsafe ckvm_port_is_write(shared) == 0
    else {
      serveRarePort(since: start)
      return
    }
    let access = unsafe Access(bits: entry.access | ckvm_port_kind(shared))
    unsafe read(entry.device, access, ckvm_port_data(shared))
    unsafe LedgerLine.record(entry.line, ticks: ckvm_timestamp() &- start)
  }

  /// String accesses, and ports that nobody claims. `rep ins` and `rep outs` advance the data, not the port:
  /// one exit, many accesses.
  @inline(never)
  private func serveRarePort(since start: UInt32) {
    let io = unsafe shared.pointee.io
    let address = UInt64(io.port)
    let target = bus.target(ofPort: address)
    let route = unsafe routes + target.number
    let isWrite = io.direction == KVM_EXIT_IO_OUT.magnitude
    let line = line(target, .port, address, isWrite: isWrite)
    let access = unsafe route.pointee.access(at: address &- target.base, size: io.size)
    let data = unsafe ckvm_port_data(shared)!
    for item in 0..<Int(io.count) {
      let place = unsafe data + item &* Int(io.size)
      if isWrite {
        var word: UInt64 = 0
        unsafe memcpy(&word, place, Int(io.size))
        unsafe write(route.pointee.device, access, word)
      } else {
        var word: UInt64 = 0
        unsafe read(route.pointee.device, access, &word)
        unsafe memcpy(place, &word, Int(io.size))
      }
    }
    record(line, since: start)
    if io.count > 1 { ledger.recordItems(line, Int(io.count) - 1) }
  }

  /// KVM_EXIT_MMIO: up to eight bytes, in the shared structure itself.
  @inline(__always)
  func serveMemory(since start: UInt32) {
    let address = unsafe ckvm_memory_address(shared)
    let isWrite = unsafe ckvm_memory_is_write(shared) != 0
    let target = bus.target(ofMemory: address)
    let route = unsafe routes + target.number
    let line = line(target, .memory, address, isWrite: isWrite)
    let size = unsafe ckvm_memory_size(shared)
    let access = unsafe route.pointee.access(at: address &- target.base, size: size)
    if isWrite {
      unsafe write(route.pointee.device, access, ckvm_data(ckvm_memory_data(shared), size))
    } else {
      unsafe read(route.pointee.device, access, ckvm_memory_data(shared))
    }
    record(line, since: start)
  }

  /// KVM_EXIT_X86_RDMSR and KVM_EXIT_X86_WRMSR. Nobody's register raises #GP, as on a processor.
  func serveMSR(isWrite: Bool, since start: UInt32) {
    let index = unsafe UInt64(shared.pointee.msr.index)
    let target = bus.target(ofMSR: index)
    let route = unsafe routes + target.number
    let isClaimed = unsafe route.pointee.firstLine >= 0
    unsafe shared.pointee.msr.error = isClaimed ? 0 : 1
    if isClaimed {
      let access = unsafe route.pointee.access(at: index &- target.base, size: 8)
      if isWrite {
        unsafe write(route.pointee.device, access, shared.pointee.msr.data)
      } else {
        unsafe read(route.pointee.device, access, ckvm_msr_data(shared))
      }
    }
    record(line(target, .msr, index, isWrite: isWrite), since: start)
  }

  /// A write that KVM kept in the coalesced ring: the device gets it, the ledger counts it as no exit.
  func serveCoalesced(_ space: Window.Space, _ address: UInt64, size: UInt8, _ value: UInt64) {
    let target = space == .port ? bus.target(ofPort: address) : bus.target(ofMemory: address)
    let route = unsafe routes + target.number
    let access = unsafe route.pointee.access(at: address &- target.base, size: size)
    unsafe write(route.pointee.device, access, access.truncate(value))
    ledger.recordCoalesced(line(target, space, address, isWrite: true))
  }

  /// The line of the ledger for an access, whether a device claims it or not.
  @inline(__always)
  private func line(
    _ target: AddressMap.Target, _ space: Window.Space, _ address: UInt64, isWrite: Bool
  ) -> Int {
    guard unsafe routes[target.number].firstLine >= 0 else {
      bus.noteStray(space, address)
      return ledger.unclaimedLine(space, address) &+ (isWrite ? 1 : 0)
    }
    return unsafe routes[target.number].line(at: address &- target.base, isWrite: isWrite)
  }

  @inline(__always)
  private func record(_ line: Int, since start: UInt32) {
    unsafe LedgerLine.record(words + line &<< LedgerLine.shift, ticks: ckvm_timestamp() &- start)
  }

  /// Lets the device take a write.
  @inline(__always)
  private func write(_ device: Unmanaged<Device>, _ access: Access, _ value: UInt64) {
    unsafe device._withUnsafeGuaranteedRef { device in
      device.gate.close()
      device.write(access, value)
      device.gate.open()
    }
  }

  /// Lets the device answer a read. Eight bytes at `data` can be written, whatever the access's size.
  @inline(__always)
  private func read(_ device: Unmanaged<Device>, _ access: Access, _ data: UnsafeMutableRawPointer) {
    unsafe device._withUnsafeGuaranteedRef { device in
      device.gate.close()
      unsafe data.storeBytes(of: device.read(access), as: UInt64.self)
      device.gate.open()
    }
  }
}

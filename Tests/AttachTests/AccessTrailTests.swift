import TestSupport
import Testing

@testable import Attach

/// A guest at random ports and addresses, some of which the kernel answers, with the records that KVM leaves of it
/// (arch/x86/kvm/x86.c: emulator_pio_in_out, emulator_read_write).
private struct SyntheticGuest {
  var random: SplitMix64
  /// On VT-x and SVM each access begins with a kvm_exit.
  let hasHardwareExits: Bool
  private(set) var events: [KVMEvent] = []
  /// Of each port or address: accesses, and exits to user space.
  private(set) var exits: [UInt64: UInt64] = [:]
  private(set) var userSpace: [UInt64: UInt64] = [:]

  init(seed: UInt64, hasHardwareExits: Bool) {
    random = SplitMix64(seed: seed)
    self.hasHardwareExits = hasHardwareExits
  }

  mutating func access() {
    // Below 0x10000 a port, else memory. The kernel answers at even ones.
    let place = UInt64.random(in: 0..<6, using: &random)
    let isPort = Bool.random(using: &random)
    let isWrite = Bool.random(using: &random)
    let address = place + (isPort ? 0 : 0x1_0000)
    let isKernels = place % 2 == 0
    if hasHardwareExits { events.append(.exit(HardwareReason(number: 30, isa: 1), vcpu: nil)) }
    exits[address, default: 0] += 1
    if isPort {
      let record = KVMEvent.port(address, isWrite: isWrite, items: 1)
      let exit = isKernels ? [] : leave(address, 2)
      events += isWrite ? [record] + exit : exit + [record]
    } else if isWrite {
      // Now and then across a page: one record, two exits.
      let count = Int.random(in: 0..<8, using: &random) == 0 ? 2 : 1
      events.append(.memory(address, .write))
      for _ in 0..<(isKernels ? 0 : count) { events += leave(address, 6) }
    } else if isKernels {
      events.append(.memory(address, .read))
    } else {
      events.append(.memory(address, .unsatisfiedRead))
      events += leave(address, 6)
      events.append(.memory(address, .read))
    }
    if Int.random(in: 0..<4, using: &random) == 0 { other() }
  }

  private mutating func leave(_ address: UInt64, _ reason: UInt32) -> [KVMEvent] {
    userSpace[address, default: 0] += 1
    return [.userSpaceExit(UserSpaceReason(number: reason, errno: 0))]
  }

  /// Something that is no access, and begins with an exit as well.
  private mutating func other() {
    if hasHardwareExits { events.append(.exit(HardwareReason(number: 10, isa: 1), vcpu: nil)) }
    let others: [KVMEvent] = [
      .cpuid(leaf: 1), .msr(0x80b, isWrite: true),
      // A kick, with the reason of the exit before it: stale.
      .userSpaceExit(UserSpaceReason(number: 2, errno: -4)),
      .userSpaceExit(UserSpaceReason(number: 6, errno: -4)),
      .userSpaceExit(UserSpaceReason(number: 5, errno: 0)),
    ]
    events.append(others.randomElement(using: &random)!)
  }
}

struct AccessTrailTests {
  private func count(_ events: [KVMEvent]) -> (lines: [UInt64: AddressBook.Line], unplaced: UInt64) {
    var (trail, book) = (AccessTrail(), AddressBook())
    for event in events { trail.take(event, in: &book) }
    trail.end(in: &book)
    let lines = book.lines.filter { $0.address != nil && [.port, .memory].contains($0.space) }
    return (Dictionary(uniqueKeysWithValues: lines.map { ($0.address!, $0) }), trail.unplaced)
  }

  @Test(arguments: 0..<50)
  func `where the hardware tells exits apart, each exit to user space finds its access`(seed: UInt64) {
    var guest = SyntheticGuest(seed: seed, hasHardwareExits: true)
    for _ in 0..<300 { guest.access() }
    let (lines, unplaced) = count(guest.events)
    #expect(lines.mapValues(\.exits) == guest.exits)
    #expect(lines.mapValues(\.userSpace).filter { $0.value > 0 } == guest.userSpace)
    #expect(lines.values.allSatisfy { $0.undecided == 0 })
    #expect(unplaced == 0)
  }

  @Test(arguments: 0..<50)
  func `where it does not, what is sure is true, what is undecided covers the rest, and nothing is missing`(
    seed: UInt64
  ) {
    var guest = SyntheticGuest(seed: seed, hasHardwareExits: false)
    for _ in 0..<300 { guest.access() }
    let (lines, unplaced) = count(guest.events)
    #expect(lines.mapValues(\.exits) == guest.exits)
    for (address, line) in lines {
      let truth = guest.userSpace[address] ?? 0
      #expect(line.userSpace <= truth && truth <= line.userSpace + line.undecided, "\(address)")
      if address >= 0x1_0000 { #expect(line.undecided == 0, "memory is never undecided") }
    }
    // Each undecided exit is in two lines: an OUT's and an IN's.
    let undecided = lines.values.map(\.undecided).reduce(0, +)
    let sure = lines.values.map(\.userSpace).reduce(0, +)
    let last = guest.events.last.map {
      if case .userSpaceExit(let reason) = $0 { reason.isPort } else { false }
    }
    let open: UInt64 = last == true ? 1 : 0
    #expect(sure + (undecided + open) / 2 + unplaced == guest.userSpace.values.reduce(0, +))
  }

  @Test func `an access that began before the first record has no place`() {
    let exit = KVMEvent.userSpaceExit(UserSpaceReason(number: 6, errno: 0))
    #expect(count([exit]).unplaced == 1)
    let port = KVMEvent.userSpaceExit(UserSpaceReason(number: 2, errno: 0))
    #expect(count([port]).unplaced == 1)
    // Its IN comes with the value, and then the exit has one.
    let (lines, unplaced) = count([port, .port(0x60, isWrite: false, items: 1)])
    #expect((lines[0x60]?.userSpace, unplaced) == (1, 0))
  }

  @Test func `behind a loss nothing is concluded from what was before it`() {
    var (trail, book) = (AccessTrail(), AddressBook())
    trail.take(.memory(0x1_0000, .write), in: &book)
    trail.interrupt(in: &book)
    trail.take(.userSpaceExit(UserSpaceReason(number: 6, errno: 0)), in: &book)
    trail.end(in: &book)
    #expect(trail.unplaced == 1)
    #expect(book.lines.allSatisfy { $0.userSpace == 0 })
  }

  @Test func `a guest that invents addresses gets no more lines than there are`() {
    var (trail, book) = (AccessTrail(), AddressBook(limit: 100))
    for address in 0..<1000 as Range<UInt64> { trail.take(.memory(address, .write), in: &book) }
    for port in 0..<1000 as Range<UInt64> { trail.take(.port(port, isWrite: true, items: 1), in: &book) }
    #expect(book.lines.count == 200 + AddressBook.Space.allCases.count)
    #expect(book.lines.filter { $0.address == nil }.map(\.exits) == [900, 900, 0, 0])
    #expect(book.lines.map(\.exits).reduce(0, +) == 2000)
  }

  @Test func `a named range has all its accesses, also those without a line of their own`() {
    let ranges = ["0xb8000-0xbffff=vga", "0x60=i8042", "0xb8000-0xb8fff=hidden"].compactMap { NamedRange($0) }
    var (trail, book) = (AccessTrail(), AddressBook(ranges: ranges, limit: 10))
    for address in 0xb7ff0..<0xb8100 as Range<UInt64> { trail.take(.memory(address, .write), in: &book) }
    trail.take(.port(0x60, isWrite: true, items: 1), in: &book)
    trail.take(.port(0xb8, isWrite: true, items: 1), in: &book)
    func exits(_ range: Int?) -> UInt64 { book.lines.filter { $0.range == range }.map(\.exits).reduce(0, +) }
    #expect((exits(0), exits(1), exits(2), exits(nil)) == (0x100, 1, 0, 0x11))
  }
}

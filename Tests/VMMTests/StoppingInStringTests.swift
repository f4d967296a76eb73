import TestSupport
import Testing

@testable import VMM

/// Stops amid a string access. Of one that reads a device's memory, KVM (Linux 6.18) brings up to hundreds of items more
/// before it looks whether it shall come back, so the run loop has to look.
@Suite(.requiresKVM) struct StoppingInStringTests {
  /// A huge count, and yet few enough for a test to end where a stop is lost.
  private static let items: UInt32 = 4_000_000

  /// An instruction in protected mode that moves items to or from a device, and the loop that serves it.
  private struct Kind: Sendable, CustomTestStringConvertible {
    let name: String
    let space: Window.Space
    let instruction: [UInt8]
    var source: UInt32 = 0x10_0000
    var destination: UInt32 = 0x10_0000
    /// With a coalesced ring the run loop has something to do around each KVM_RUN.
    var hasRing = false
    var testDescription: String { "\(name)\(hasRing ? ", with a coalesced ring" : "")" }

    private static let each = [
      Kind(name: "rep outsb", space: .port, instruction: [0xf3, 0x6e]),
      Kind(name: "rep insb", space: .port, instruction: [0xf3, 0x6c]),
      Kind(name: "rep movsb to it", space: .memory, instruction: [0xf3, 0xa4], destination: 0xd000_0000),
      Kind(name: "rep movsb from it", space: .memory, instruction: [0xf3, 0xa4], source: 0xd000_0000),
    ]

    static let all =
      each
      + each.map {
        var kind = $0
        kind.hasRing = true
        return kind
      }

    /// The device that gets the items.
    var device: RecordingDevice {
      let registers = RegisterMap([Register("DATA", at: 0, count: 1)])
      let items = Window(
        space, base: space == .port ? 0x5f0 : 0xd000_0000, count: space == .port ? 1 : UInt64(items),
        registers: registers)
      let other = Window(
        .port, base: 0x600, count: 1, registers: registers, coalesced: hasRing ? [0..<1] : [])
      return RecordingDevice(name: "device", windows: [items, other])
    }

    var guest: [UInt8] {
      func bytes(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }
      return [0xfc]  // cld
        + [0xbe] + bytes(source)  // mov esi, source
        + [0xbf] + bytes(destination)  // mov edi, destination
        + [0xba] + bytes(0x5f0)  // mov edx, 0x5f0
        + [0xb9] + bytes(items)  // mov ecx, items
        + instruction
        + [0xb0, 0x07, 0xe6, 0xf4]  // mov al, 7; out 0xf4, al
    }
  }

  /// Calls `body` at each item.
  private func watch(_ device: RecordingDevice, _ body: @escaping () -> Void) {
    device.onWrite = { _ in body() }
    device.answer = { _ in
      body()
      return 0
    }
  }

  /// What was counted of the device's items, by the first vCPU.
  private func tally(_ guest: FlatGuest) -> Tally {
    let ledger = guest.machine.ledgers[0]
    let section = ledger.layout.sections[0]
    return section.lines.reduce(into: Tally()) { $0 += ledger.tally(ofLine: $1) }
  }

  @Test(arguments: Kind.all) private func `a stop from within the device lets at most one more exit through`(
    kind: Kind
  ) throws {
    let guest = try FlatGuest(kind.guest, mode: .protected)
    let control = guest.machine.control
    let device = kind.device
    var exits: UInt64 = 0
    watch(device) {
      guard device.records.count == 10 else { return }
      // This one's exit is yet to be counted.
      exits = tally(guest).exits + 1
      control.stop(.exited(status: 9))
    }
    #expect(try guest.run(device) == .exited(status: 9))
    #expect((exits...exits + 1).contains(tally(guest).exits), "\(tally(guest).exits - exits) exits more")
    // KVM fetches ahead for `rep insb` alone: else an exit is an item.
    if kind.name != "rep insb" { #expect((10...11).contains(device.records.count)) }
  }

  @Test(arguments: Kind.all) private func `a stop by another thread ends a guest that does so for ever`(
    kind: Kind
  ) throws {
    let guest = try FlatGuest(kind.guest + again(kind), mode: .protected)
    let control = guest.machine.control
    let device = kind.device
    watch(device) { if device.records.count == 10 { onThread { control.stop(.interrupted) } } }
    #expect(try guest.run([device]) == .interrupted)
    #expect(tally(guest).accesses == UInt64(device.records.count))
  }

  @Test(arguments: Kind.all) private func `the time limit ends a guest that does so for ever`(kind: Kind)
    throws
  {
    let guest = try FlatGuest(kind.guest + again(kind), mode: .protected)
    let device = kind.device
    #expect(try guest.run([device], limit: .milliseconds(200)) == .timeLimit)
    #expect(!device.records.isEmpty)
    #expect(tally(guest).accesses == UInt64(device.records.count))
  }

  /// A jump to the first instruction, behind a debug exit that is not there.
  private func again(_ kind: Kind) -> [UInt8] {
    [0xeb, UInt8(truncatingIfNeeded: -kind.guest.count - 2)]
  }
}

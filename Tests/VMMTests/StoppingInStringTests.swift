import TestSupport
import Testing

@testable import VMM

/// Stops amid a string access, of which KVM brings the next item before it looks whether it shall come back.
@Suite(.requiresKVM) struct StoppingInStringTests {
  /// More items than a machine does before the test's end, and few enough for it to end where a stop is lost.
  private static let items: UInt32 = 4_000_000

  /// An instruction in protected mode that writes items to a device, and the loop that serves it.
  private struct Kind: Sendable, CustomTestStringConvertible {
    let space: Window.Space
    let instruction: [UInt8]
    /// With a coalesced ring the run loop has something to do around each KVM_RUN.
    let hasRing: Bool
    var testDescription: String { "\(space)\(hasRing ? ", with a coalesced ring" : "")" }

    static let all = [false, true].flatMap { hasRing in
      [
        Kind(space: .port, instruction: [0xf3, 0x6e], hasRing: hasRing),  // rep outsb
        Kind(space: .memory, instruction: [0xf3, 0xa4], hasRing: hasRing),  // rep movsb
      ]
    }

    /// The device that gets the items.
    var device: RecordingDevice {
      let registers = RegisterMap([Register("DATA", at: 0, count: 1)])
      let items = Window(
        space, base: space == .port ? 0x5f0 : 0xd000_0000, count: space == .port ? 1 : UInt64(items),
        registers: registers)
      let other = Window(.port, base: 0x600, count: 1, registers: registers, coalesced: hasRing ? 0..<1 : nil)
      return RecordingDevice(name: "device", windows: [items, other])
    }

    var guest: [UInt8] {
      [
        0xfc,  // cld
        0xbe, 0x00, 0x00, 0x10, 0x00,  // mov esi, 0x100000
        0xbf, 0x00, 0x00, 0x00, 0xd0,  // mov edi, 0xd0000000
        0xba, 0xf0, 0x05, 0x00, 0x00,  // mov edx, 0x5f0
        0xb9,  // mov ecx, items
      ] + (0..<4).map { UInt8(truncatingIfNeeded: items >> ($0 * 8)) } + instruction + [
        0xb0, 0x07, 0xe6, 0xf4,  // mov al, 7; out 0xf4, al
      ]
    }
  }

  @Test(arguments: Kind.all) private func `a stop from within the device lets at most one more item through`(
    kind: Kind
  ) throws {
    let guest = try FlatGuest(kind.guest, mode: .protected)
    let control = guest.machine.control
    let device = kind.device
    device.onWrite = { _ in if device.records.count == 10 { control.stop(.exited(status: 9)) } }
    #expect(try guest.run(device) == .exited(status: 9))
    #expect((10...11).contains(device.records.count), "\(device.records.count) items")
  }

  @Test(arguments: Kind.all) private func `a stop by another thread ends the run amid the access`(
    kind: Kind
  ) throws {
    let guest = try FlatGuest(kind.guest, mode: .protected)
    let control = guest.machine.control
    let device = kind.device
    device.onWrite = { _ in if device.records.count == 10 { onThread { control.stop(.interrupted) } } }
    #expect(try guest.run(device) == .interrupted)
    #expect((10..<Int(Self.items)).contains(device.records.count), "\(device.records.count) items")
  }

  @Test(arguments: Kind.all) private func `the time limit ends the run amid the access`(kind: Kind) throws {
    let guest = try FlatGuest(kind.guest, mode: .protected)
    let device = kind.device
    #expect(try guest.run(device, limit: .milliseconds(200)) == .timeLimit)
    #expect((1..<Int(Self.items)).contains(device.records.count), "\(device.records.count) items")
    // Nothing was counted that the device did not get, and nothing twice.
    let line = guest.machine.ledgers[0].layout.sections[0].firstLine
    let tallies = (0..<4).map { guest.machine.ledgers[0].tally(ofLine: line + $0) }
    #expect(tallies.reduce(0) { $0 + $1.accesses } == UInt64(device.records.count))
  }
}

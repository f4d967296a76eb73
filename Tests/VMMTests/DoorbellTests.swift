import KVM
import TestSupport
import Testing

@testable import VMM

/// Writes that KVM answers with a signal.
@Suite(.requiresKVM, .requires(.ioEventFD)) struct DoorbellTests {
  private static let writes: UInt64 = 400

  /// Writes 400, 399, ... 1 to port 0x5f0.
  private static let portWriter: [UInt8] = [
    0xba, 0xf0, 0x05,  // mov dx, 0x5f0
    0xb8, 0x90, 0x01,  // mov ax, 400
    0xef,  // out dx, ax
    0x48,  // dec ax
    0x75, 0xfc,  // jnz to the out
    0xe6, 0xf4,  // out 0xf4, al
  ]

  /// The same to memory.
  private static let memoryWriter: [UInt8] = [
    0xb8, 0x90, 0x01, 0x00, 0x00,  // mov eax, 400
    0xa3, 0x04, 0x00, 0x00, 0xd0,  // mov [0xd0000004], eax
    0x48,  // dec eax
    0x75, 0xf8,  // jnz to the mov
    0xe6, 0xf4,  // out 0xf4, al
  ]

  private func run(_ bell: Doorbell, isPort: Bool) throws -> (exits: UInt64, records: [UInt64?]) {
    let recorder = device(
      isPort ? .port : .memory, base: isPort ? 0x5f0 : 0xd000_0000, doorbells: [bell])
    let guest = try FlatGuest(isPort ? Self.portWriter : Self.memoryWriter, mode: isPort ? .real : .protected)
    #expect(try guest.run(recorder) == .exited(status: 0))
    return (guest.tally(1, isWrite: true).exits, recorder.records.map(\.value))
  }

  @Test(arguments: [(true, 0), (true, 2), (false, 0), (false, 4)])
  func `every write rings and none exits`(isPort: Bool, size: Int) throws {
    let bell = try Doorbell(at: isPort ? 0 : 4, size: size)
    let (exits, records) = try run(bell, isPort: isPort)
    #expect(exits == 0)
    #expect(records.isEmpty)
    #expect(bell.total() == Self.writes)
    #expect(bell.total() == Self.writes, "a second look changes nothing")
  }

  @Test(arguments: [true, false]) func `only its value rings, and all others exit`(isPort: Bool) throws {
    let bell = try Doorbell(at: isPort ? 0 : 4, size: isPort ? 2 : 4, value: 7)
    let (exits, records) = try run(bell, isPort: isPort)
    #expect(exits == Self.writes - 1)
    #expect(records == (1...Self.writes).reversed().filter { $0 != 7 }.map { $0 })
    #expect(bell.total() == 1)
  }

  @Test func `rings are taken once`() throws {
    let bell = try Doorbell(at: 0)
    for _ in 0..<5 { bell.ring() }
    #expect(bell.answer() == 5)
    #expect(bell.answer() == 0)
    bell.ring()
    #expect(bell.total() == 6)
  }
}

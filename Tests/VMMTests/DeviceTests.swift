import Testing

@testable import VMM

/// What every device has: the bus's answer where it gives none, its wire, its faults.
@Suite struct DeviceTests {
  @Test(arguments: [(1, 0xff), (2, 0xffff), (4, 0xffff_ffff), (8, UInt64.max)] as [(Int, UInt64)])
  func `a device that answers nothing reads all ones in the width of the access`(size: Int, ones: UInt64) {
    #expect(Device(name: "d", windows: []).read(Access(offset: 0, size: size)) == ones)
  }

  @Test func `all ones are as wide as the access for every width a bus has`() {
    for size in 1...8 {
      let ones = Access(offset: 0, size: size).ones
      #expect(ones.nonzeroBitCount == 8 * size)
      #expect(ones.trailingZeroBitCount == 0 && ones.leadingZeroBitCount == 64 - 8 * size)
    }
  }

  @Test func `the first 16 faults are kept, the rest counted and not even composed`() {
    let device = Device(name: "d", windows: [])
    var composed = 0
    func message(_ number: Int) -> String {
      composed += 1
      return "fault \(number)"
    }
    for number in 0..<1000 { device.fault(message(number)) }
    #expect(device.faults.lines == (0..<16).map { "fault \($0)" })
    #expect(device.faults.more == 1000 - 16)
    #expect(composed == 16)
  }

  @Test func `only a change of its level drives a wire, and each rise is counted`() {
    final class Wire: InterruptLine, @unchecked Sendable {
      var levels: [Bool] = []
      override func drive(_ asserted: Bool) { levels.append(asserted) }
    }
    let wire = Wire()
    for level in [false, true, true, false, false, true, false, true, true] { wire.set(level) }
    #expect(wire.levels == [true, false, true, false, true])
    #expect(wire.raised == 3)
    #expect(wire.isAsserted)
  }
}

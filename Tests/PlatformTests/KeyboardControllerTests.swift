import Platform
import Testing
import VMM

@Suite("Keyboard controller and system control port")
struct KeyboardControllerTests {
  private let control = MachineControl()
  private let controller: KeyboardController

  init() { controller = KeyboardController(control: control) }

  private func command(_ value: UInt8) { controller.writePort(window: 1, 0, value) }
  private func data(_ value: UInt8) { controller.writePort(0, value) }
  private var status: UInt8 { controller.readPort(window: 1) }

  /// The answer, if the status says that there is one.
  private func answer() -> UInt8? { status & 0x01 != 0 ? controller.readPort() : nil }

  @Test("at first there is no answer, the input buffer is empty and nothing is locked")
  func atFirst() {
    #expect(status == 0x14)
    #expect(answer() == nil)
  }

  @Test("the self-test passes, and its answer is there once")
  func selfTest() {
    command(0xaa)
    #expect(answer() == 0x55)
    #expect(answer() == nil)
    command(0xab)
    #expect(answer() == 0x00)
  }

  @Test("the command byte reads as it was written, for every value, and bit 2 shows in the status")
  func commandByte() {
    for value in UInt8.min...UInt8.max {
      command(0x60)
      data(value)
      command(0x20)
      #expect(answer() == value)
      #expect(status & 0x04 == value & 0x04)
    }
  }

  @Test("disabling and enabling a port is a bit of the command byte")
  func portBits() {
    command(0x60)
    data(0)
    for (word, expected) in [(0xad, 0x10), (0xa7, 0x30), (0xae, 0x20), (0xa8, 0x00)] as [(UInt8, UInt8)] {
      command(word)
      command(0x20)
      #expect(answer() == expected)
    }
  }

  @Test("the status tells whether a command or data came last")
  func lastWritten() {
    command(0xad)
    #expect(status & 0x08 != 0)
    data(0xed)
    #expect(status & 0x08 == 0)
  }

  @Test("a byte for the keyboard or the mouse, which are not there, ends in a time-out at once")
  func nobodyThere() {
    for isMouse in [false, true] {
      if isMouse { command(0xd4) }
      data(0xff)
      #expect(status & 0x41 == 0x41)
      #expect(answer() == 0xfe)
      #expect(status & 0x41 == 0)
    }
    command(0xa9)
    #expect(answer() != 0)
    command(0xd2)
    data(0x5a)
    #expect(answer() == 0x5a)
  }

  @Test("the output port reads as written; A20 is only a bit")
  func outputPort() {
    command(0xd0)
    #expect(answer() == 0x03)
    command(0xd1)
    data(0xdd)
    command(0xd0)
    #expect(answer() == 0xdd)
    #expect(control.outcome == nil)
  }

  @Test("the output port resets when bit 0 goes, by command or by data")
  func resetByOutputPort() {
    command(0xd1)
    data(0xfe)
    #expect(control.outcome == .reset)
  }

  @Test(
    "a pulse resets if it is on bit 0, so 0xfe does and 0xff does not",
    arguments: 0xf0...0xff as ClosedRange<UInt8>)
  func pulse(word: UInt8) {
    command(word)
    #expect(control.outcome == (word & 1 == 0 ? .reset : nil))
  }

  @Test("no other command resets, whatever follows it")
  func othersDoNotReset() {
    for word in UInt8(0)..<0xf0 where word != 0xd1 {
      command(word)
      data(0)
    }
    #expect(control.outcome == nil)
  }

  @Test("port 0x92 keeps A20 and resets by bit 0")
  func systemControlPort() {
    let port = SystemControlPort(control: control)
    #expect(port.readPort() == 0x02)
    for value in UInt8.min...UInt8.max where value & 1 == 0 {
      port.writePort(0, value)
      #expect(port.readPort() == value)
    }
    #expect(control.outcome == nil)
    port.writePort(0, 0x03)
    #expect(control.outcome == .reset)
  }
}

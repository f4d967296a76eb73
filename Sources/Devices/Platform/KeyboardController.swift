import VMM

/// The PC's keyboard controller, an 8042 with nothing plugged in, by which a guest resets the machine.
///
/// Commands and bits are those of the IBM PS/2 technical reference, "Keyboard and Auxiliary Device
/// Controller". It has neither keyboard nor auxiliary port, and says so at once, for a driver that has to wait
/// for an answer polls the status port thousands of times. A20 is always open; its bit is only kept.
public final class KeyboardController: ByteDevice, @unchecked Sendable {
  private enum Status {
    static let outputFull: UInt8 = 0x01
    static let lastWasCommand: UInt8 = 0x08
    static let notLocked: UInt8 = 0x10
    static let timeout: UInt8 = 0x40
  }

  private enum CommandByte {
    static let systemFlag: UInt8 = 0x04
    static let keyboardDisabled: UInt8 = 0x10
    static let auxiliaryDisabled: UInt8 = 0x20
    static let translate: UInt8 = 0x40
  }

  private enum OutputPort {
    static let notReset: UInt8 = 0x01
    static let gateA20: UInt8 = 0x02
  }

  /// What the next byte written to port 0x60 is for.
  private enum Parameter {
    case keyboard, commandByte, outputPort, keyboardEcho, auxiliary
  }

  private static let dataWindow: UInt8 = 0
  /// What stands in the output buffer after a device did not answer.
  private static let noAnswer: UInt8 = 0xfe

  private let control: MachineControl
  private var parameter = Parameter.keyboard
  private var commandByte =
    CommandByte.systemFlag | CommandByte.keyboardDisabled | CommandByte.auxiliaryDisabled
    | CommandByte.translate
  private var outputPort = OutputPort.notReset | OutputPort.gateA20
  private var output: UInt8 = 0
  /// The bits of the status register that stand for themselves.
  private var flags: UInt8 = 0

  public init(control: MachineControl) {
    self.control = control
    func port(_ base: UInt64, _ name: String) -> Window {
      Window(.port, base: base, count: 1, registers: RegisterMap([Register(name, at: 0)]))
    }
    super.init(name: "i8042", windows: [port(0x60, "DATA"), port(0x64, "STATUS/COMMAND")])
  }

  public override func readByte(window: UInt8, at offset: Int) -> UInt8 {
    guard offset == 0 else { return 0xff }
    if window == Self.dataWindow {
      flags &= ~(Status.outputFull | Status.timeout)
      return output
    }
    return flags | Status.notLocked | commandByte & CommandByte.systemFlag
  }

  public override func writeByte(_ value: UInt8, window: UInt8, at offset: Int) {
    guard offset == 0 else { return }
    if window == Self.dataWindow {
      flags &= ~Status.lastWasCommand
      take(value)
    } else {
      flags |= Status.lastWasCommand
      parameter = .keyboard
      command(value)
    }
  }

  private func command(_ value: UInt8) {
    switch value {
    case 0x20: answer(commandByte)
    case 0x60: parameter = .commandByte
    case 0xa7: commandByte |= CommandByte.auxiliaryDisabled
    case 0xa8: commandByte &= ~CommandByte.auxiliaryDisabled
    case 0xa9: answer(0x01)  // Test of the auxiliary port: its clock is stuck low.
    case 0xaa:
      commandByte |= CommandByte.systemFlag
      answer(0x55)  // Self-test passed.
    case 0xab: answer(0x00)  // Test of the keyboard port: no error.
    case 0xad: commandByte |= CommandByte.keyboardDisabled
    case 0xae: commandByte &= ~CommandByte.keyboardDisabled
    case 0xc0: answer(0x80)  // Input port: the keyboard is not locked.
    case 0xd0: answer(outputPort)
    case 0xd1: parameter = .outputPort
    case 0xd2: parameter = .keyboardEcho
    case 0xd3, 0xd4: parameter = .auxiliary
    case 0xf0...0xff:
      // Pulses the bits of the output port that are 0 here; bit 0 is the CPU's reset.
      if value & OutputPort.notReset == 0 { control.stop(.reset) }
    default: break  // No command of the PS/2's controller.
    }
  }

  private func take(_ value: UInt8) {
    switch parameter {
    case .commandByte: commandByte = value
    case .outputPort:
      outputPort = value
      if value & OutputPort.notReset == 0 { control.stop(.reset) }
    case .keyboardEcho: answer(value)
    case .keyboard, .auxiliary:
      answer(Self.noAnswer)
      flags |= Status.timeout
    }
    parameter = .keyboard
  }

  private func answer(_ value: UInt8) {
    output = value
    flags = flags & ~Status.timeout | Status.outputFull
  }
}

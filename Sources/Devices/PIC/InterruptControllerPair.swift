import Synchronization
import VMM

/// The two 8259As of a PC, in user space: the slave's INT is the master's IR2, and the master's is INTR of the
/// one CPU.
///
/// Its lines are driven from inside other devices, by whichever thread is there, so they close its gate while
/// another device's is closed. That can't become a circle, for the pair never enters a device.
public final class InterruptControllerPair: ByteDevice, @unchecked Sendable {
  /// INTR, to be read before each entry to the guest: one load, without the gate.
  @inlinable public var hasPending: Bool { pending.load(ordering: .acquiring) }

  @usableFromInline let pending = Atomic<Bool>(false)
  private let outputChanged: @Sendable (Bool) -> Void
  var master = Controller8259A(slaves: 0x04)
  var slave = Controller8259A()
  /// For each input how many of its lines are high: lines that share an input are wired as an OR.
  private var holders = InlineArray<16, Int>(repeating: 0)

  private static let masterWindow: UInt8 = 0
  private static let slaveWindow: UInt8 = 1
  /// ICW3 of the master is a set of inputs, that of the slave a number.
  private static let cascadeSet: UInt8 = 0x04
  private static let cascadeLevel: UInt8 = 2
  /// IRQ 0, 1, 2, 8 and 13 are edge-triggered whatever ELCR says (82371AB, section 4.1.2.4).
  private static let masterELCR: UInt8 = 0xf8
  private static let slaveELCR: UInt8 = 0xde

  /// - Parameter outputChanged: told the new level of INTR, by the thread that changed it, with the gate of
  ///   the pair (and maybe that of the device whose line changed) closed: so changes arrive in order. It must
  ///   not enter a device nor wait; it wakes the vCPU, which then asks ``hasPending``.
  public init(outputChanged: @escaping @Sendable (Bool) -> Void = { _ in }) {
    self.outputChanged = outputChanged
    func chip(_ name: String, _ base: UInt64) -> Window {
      let map = RegisterMap([
        Register("\(name) ICW1/OCW2/OCW3", at: 0), Register("\(name) OCW1/ICW2-ICW4", at: 1),
      ])
      return Window(.port, base: base, count: 2, registers: map)
    }
    let levels = RegisterMap([Register("ELCR1", at: 0), Register("ELCR2", at: 1)])
    super.init(
      name: "pic",
      windows: [
        chip("master", 0x20), chip("slave", 0xa0),
        Window(.port, base: 0x4d0, count: 2, registers: levels),
      ])
  }

  /// A line into IRQ `number`, 0–15 without 2, which is the cascade's. Several lines may share a number.
  public func line(_ number: Int) -> InterruptLine {
    precondition((0..<16).contains(number) && number != Int(Self.cascadeLevel), "no such input")
    return InputLine(of: self, number)
  }

  /// The INTA cycle: the vector of the interrupt that the CPU takes now, which is in service from here on.
  ///
  /// For the vCPU's thread, once it has seen ``hasPending`` and can inject. A request gone meanwhile gives the
  /// vector of IR7 of its chip, the spurious interrupt.
  public func acknowledge() -> UInt8 {
    exclusively {
      let level = master.acknowledge()
      var vector = master.vectorBase | level
      if level == Self.cascadeLevel, !master.isSingle {
        vector = slave.vectorBase | slave.acknowledge()
        dropCascade()
      }
      settle()
      return vector
    }
  }

  public override func readByte(window: UInt8, at offset: Int) -> UInt8 {
    guard offset < 2 else { return 0xff }
    let isData = offset == 1
    switch window {
    case Self.masterWindow:
      let value = master.read(isData: isData)
      settle()
      return value
    case Self.slaveWindow:
      let acknowledges = slave.polls
      let value = slave.read(isData: isData)
      if acknowledges { dropCascade() }
      settle()
      return value
    default:
      return isData ? slave.levelTriggered : master.levelTriggered
    }
  }

  public override func writeByte(_ value: UInt8, window: UInt8, at offset: Int) {
    guard offset < 2 else { return }
    switch (window, offset) {
    case (Self.masterWindow, 0): master.writeCommand(value)
    case (Self.masterWindow, _): note(master.writeData(value, cascade: Self.cascadeSet), "master", value)
    case (Self.slaveWindow, 0): slave.writeCommand(value)
    case (Self.slaveWindow, _): note(slave.writeData(value, cascade: Self.cascadeLevel), "slave", value)
    case (_, 0): master.levelTriggered = value & Self.masterELCR
    default: slave.levelTriggered = value & Self.slaveELCR
    }
    settle()
  }

  /// One of the lines into IRQ `number` rose or fell.
  fileprivate func drive(_ number: Int, _ asserted: Bool) {
    exclusively {
      holders[number] += asserted ? 1 : -1
      let isHigh = holders[number] > 0
      let level = UInt8(truncatingIfNeeded: number & 7)
      if number < 8 { master.drive(level, isHigh) } else { slave.drive(level, isHigh) }
      settle()
    }
  }

  /// INT of the slave falls at its acknowledge; if another request stands, ``settle()`` raises it again and so
  /// gives the master the edge that it needs.
  private func dropCascade() {
    master.drive(Self.cascadeLevel, false)
  }

  private func settle() {
    master.drive(Self.cascadeLevel, slave.next != nil)
    let output = master.next != nil
    guard output != pending.load(ordering: .relaxed) else { return }
    pending.store(output, ordering: .releasing)
    outputChanged(output)
  }

  private func note(_ misprogramming: Misprogramming?, _ chip: String, _ value: UInt8) {
    guard let misprogramming else { return }
    fault("\(chip) 8259A, write of \(value): \(misprogramming.rawValue)")
  }
}

/// A wire from a device to an input of the pair.
private final class InputLine: InterruptLine, @unchecked Sendable {
  private let controllers: InterruptControllerPair
  private let number: Int

  init(of controllers: InterruptControllerPair, _ number: Int) {
    self.controllers = controllers
    self.number = number
  }

  override func drive(_ asserted: Bool) {
    controllers.drive(number, asserted)
  }
}

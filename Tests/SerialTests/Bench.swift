import Serial
import Synchronization
import VMM

/// A UART on a bench: what it sends, what its line does, and short words for its registers.
final class Bench: @unchecked Sendable {
  enum Register: Int {
    case rbrThr = 0
    case ier, iirFcr, lcr, mcr, lsr, msr, scr
  }

  final class Wire: InterruptLine, @unchecked Sendable {
    private(set) var levels: [Bool] = []
    override func drive(_ asserted: Bool) { levels.append(asserted) }
  }

  final class Terminal: Sendable {
    let bytes = Mutex<[UInt8]>([])
    let rooms = Mutex(0)
  }

  let wire = Wire()
  let terminal = Terminal()
  let uart: UART

  init(enabling interrupts: UInt8 = 0, fifoControl: UInt8? = nil) {
    let terminal = terminal
    uart = UART(
      line: wire,
      output: { byte in terminal.bytes.withLock { $0.append(byte) } },
      roomForInput: { terminal.rooms.withLock { $0 += 1 } })
    if let fifoControl { self[.iirFcr] = fifoControl }
    if interrupts != 0 { self[.ier] = interrupts }
  }

  subscript(register: Register) -> UInt8 {
    get { UInt8(uart.read(Access(offset: register.rawValue, size: 1))) }
    set { uart.write(Access(offset: register.rawValue, size: 1), UInt64(newValue)) }
  }

  var isInterrupting: Bool { wire.isAsserted }
  var sent: [UInt8] { terminal.bytes.withLock { $0 } }
  var roomsAnnounced: Int { terminal.rooms.withLock { $0 } }

  @discardableResult
  func receive(_ bytes: [UInt8]) -> Int {
    uart.exclusively { uart.receive(bytes.span) }
  }

  /// Reads RBR as long as LSR says that there is something.
  func drain() -> [UInt8] {
    var bytes: [UInt8] = []
    while self[.lsr] & 0x01 != 0 { bytes.append(self[.rbrThr]) }
    return bytes
  }
}

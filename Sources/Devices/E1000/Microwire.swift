/// The EEPROM's serial bus, of which a driver moves each wire itself through EECD (section 5.3): Linux reads
/// its EEPROM this way.
///
/// A command is a start bit, two bits of operation and six of address; the answer to a read follows, most
/// significant bit first. Only reads are answered: the part is write-protected.
struct Microwire {
  private enum Operation {
    static let read: UInt32 = 0b110
    static let write: UInt32 = 0b101
    static let erase: UInt32 = 0b111
  }

  private var clock = false
  /// The bits shifted in since the start bit, with it.
  private var command: UInt32 = 0
  private var answer: UInt16 = 0
  private(set) var dataOut = true

  /// Moves the wires to the levels in `eecd`. False when that completes a command to write or erase.
  mutating func drive(_ eecd: UInt32, _ eeprom: borrowing EEPROM) -> Bool {
    let rises = !clock && eecd & EECD.clock != 0
    clock = eecd & EECD.clock != 0
    guard eecd & EECD.chipSelect != 0 else {
      (command, dataOut) = (0, true)
      return true
    }
    guard rises else { return true }
    guard command < 0x100 else {
      dataOut = answer & 0x8000 != 0
      answer &<<= 1
      return true
    }
    command = command &<< 1 | (eecd & EECD.dataIn != 0 ? 1 : 0)
    guard command >= 0x100 else { return true }
    let operation = command &>> 6
    if operation == Operation.read {
      // A zero precedes the data.
      dataOut = false
      answer = eeprom[Int(command & 0x3f)] ?? 0
    }
    return operation != Operation.write && operation != Operation.erase
  }
}

import KVM
import VMM

/// A register that does nothing when written, answered in one of the ways there are: what a notification costs, and
/// nothing beside it. docs/survey.md, section The guest.
final class SurveyDevice: Device, @unchecked Sendable {
  enum Answer: Sendable {
    case userSpace
    /// KVM keeps the writes in its ring.
    case coalesced
    /// KVM adds each write to an eventfd, which nobody reads.
    case doorbell
    /// The device has no ports and no memory, but this MSR, which the machine's filter gives it.
    case msr(UInt32)
  }

  static let name = "notify"
  static let port: UInt64 = 0x610
  static let memory: UInt64 = 0xd000_e000
  static let ports = port...port
  static let addresses = memory...memory + 3

  init(_ answer: Answer) throws(KVMError) {
    super.init(name: Self.name, windows: try Self.windows(answer))
  }

  private static func windows(_ answer: Answer) throws(KVMError) -> [Window] {
    let registers = RegisterMap([Register("NOTIFY", at: 0, count: 4)])
    var isCoalesced = false
    switch answer {
    case .msr(let number): return [Window(.msr, base: UInt64(number), count: 1, registers: registers)]
    case .coalesced: isCoalesced = true
    case .userSpace, .doorbell: break
    }
    var windows: [Window] = []
    for (space, base, count) in [(Window.Space.port, port, UInt64(1)), (.memory, memory, 4)] {
      var bells: [Doorbell] = []
      if case .doorbell = answer { bells = [try Doorbell(at: 0)] }
      windows.append(
        Window(
          space, base: base, count: count, registers: registers,
          coalesced: isCoalesced ? [0..<Int(count)] : [], doorbells: bells))
    }
    return windows
  }

  override func read(_ access: Access) -> UInt64 { 0 }
}

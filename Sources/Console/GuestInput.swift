import CLinux
import Synchronization

/// What the user types, on its way to the guest.
///
/// Bytes are read only while the guest has room, so none is lost; on a terminal Ctrl-A x ends the run and
/// Ctrl-A Ctrl-A is one Ctrl-A.
public final class GuestInput: Sendable {
  /// Takes bytes and says how many it had room for.
  public typealias Receiver = @Sendable (_ bytes: [UInt8]) -> Int

  private struct State {
    var waiting: [UInt8] = []
    var escapes: EscapeSequence?
    var isAtEnd = false
  }
  private let state: Mutex<State>
  private let descriptor: Int32
  private let receiver: Receiver
  private let quit: @Sendable () -> Void

  /// - Parameters:
  ///   - descriptor: read when it is readable.
  ///   - isTerminal: whether Ctrl-A is special.
  ///   - receiver: the guest's UART.
  ///   - quit: called for Ctrl-A x.
  public init(
    descriptor: Int32, isTerminal: Bool, receiver: @escaping Receiver, quit: @escaping @Sendable () -> Void
  ) {
    state = Mutex(State(escapes: isTerminal ? EscapeSequence() : nil))
    self.descriptor = descriptor
    self.receiver = receiver
    self.quit = quit
  }

  /// What to poll: negative while bytes wait for the guest, and after the end of the input.
  public var pollDescriptor: Int32 {
    state.withLock { $0.waiting.isEmpty && !$0.isAtEnd ? descriptor : -1 }
  }

  /// Reads what is there and passes it on.
  public func serve() {
    var bytes = [UInt8](repeating: 0, count: 256)
    let length = unsafe read(descriptor, &bytes, bytes.count)
    state.withLock { state in
      if length <= 0 {
        if length == 0 || (linux_errno() != EINTR && linux_errno() != EAGAIN) { state.isAtEnd = true }
        return
      }
      for byte in bytes[..<length] {
        switch state.escapes?.take(byte) ?? .pass(byte) {
        case .pass(let byte): state.waiting.append(byte)
        case .quit: quit()
        case .nothing: break
        }
      }
    }
    passOn()
  }

  /// The guest has room again.
  public func passOn() {
    state.withLock { state in
      guard !state.waiting.isEmpty else { return }
      let taken = receiver(state.waiting)
      state.waiting.removeFirst(min(taken, state.waiting.count))
    }
  }
}

/// Ctrl-A as a prefix, as QEMU's and screen's users know it.
struct EscapeSequence {
  enum Step: Equatable {
    case pass(UInt8)
    case quit
    case nothing
  }

  private static let prefix: UInt8 = 0x01
  private var isPending = false

  mutating func take(_ byte: UInt8) -> Step {
    guard isPending else {
      isPending = byte == Self.prefix
      return isPending ? .nothing : .pass(byte)
    }
    isPending = false
    switch byte {
    case UInt8(ascii: "x"), UInt8(ascii: "X"): return .quit
    case Self.prefix: return .pass(byte)
    default: return .nothing
    }
  }
}

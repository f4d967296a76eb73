import PIC
import Synchronization
import VMM

/// The 8259 pair as the machine's interrupt controller, for `--irqchip none`.
final class UserSpacePIC: UserInterruptController {
  private let handler: Handler
  let pair: InterruptControllerPair

  private final class Handler: Sendable {
    let body = Mutex<(@Sendable () -> Void)?>(nil)
  }

  init() {
    let handler = Handler()
    self.handler = handler
    pair = InterruptControllerPair { isAsserted in
      if isAsserted { handler.body.withLock { $0 }?() }
    }
  }

  var hasPending: Bool { pair.hasPending }

  func acknowledge() -> UInt8 { pair.acknowledge() }

  func line(_ number: Int) -> InterruptLine { pair.line(number) }

  func onInterruptRequest(_ body: @escaping @Sendable () -> Void) {
    handler.body.withLock { $0 = body }
  }
}

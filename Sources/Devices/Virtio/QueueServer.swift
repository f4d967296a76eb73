import KVM
import VMM

/// The thread that serves the queues of a device beside the vCPUs.
///
/// No notification is lost. A doorbell that rings stays readable until it is answered; the thread answers before it looks
/// at the queues, never after, and sleeps only if it has found them empty with notifications requested
/// (``SplitQueue/requestNotifications()``). A driver that adds a chain later finds that notifications are wanted, and
/// rings. What comes otherwise (DRIVER_OK, a notification as a write, a count of the doorbells) is a ``wake()``, of which the
/// same is true. A thread that polls looks without end while the driver is up, and sleeps as above while it is not. An
/// adaptive one looks on for a while, and then looks once more with notifications requested.
///
/// In each turn it closes the device's gate for at most ``QueueService/batch`` chains of each queue, and lets vCPUs that
/// wait at the gate go first before the next.
final class QueueServer: Sendable {
  /// What a turn has found.
  struct Turn {
    /// Whether the driver is up.
    let isLive: Bool
    let isUnfinished: Bool
    let didWork: Bool
    let interrupted: Bool
    /// Of the back end, to wait for; negative for none.
    let descriptor: Int32
  }

  private let thread: DeviceThread
  private let doorbells: [Doorbell]
  private let service: QueueService

  init(name: String, _ doorbells: [Doorbell], _ service: QueueService) throws(KVMError) {
    thread = try DeviceThread(name: name)
    self.doorbells = doorbells
    self.service = service
  }

  func start(_ transport: VirtioTransport) throws(KVMError) {
    try thread.start { [self] in run(transport) }
  }

  func stop() {
    thread.stop()
  }

  func wake() {
    thread.wake()
  }

  private func run(_ transport: VirtioTransport) {
    var waits = WaitSet([thread.descriptor] + doorbells.map(\.number) + [-1])
    var patience = Patience(service)
    var idle = 0
    while !thread.isStopping {
      let looksAgain = patience.isLeft
      let turn = transport.turn(looksAgain: looksAgain)
      letOthersIn(transport)
      if turn.didWork {
        patience.renew()
        idle = 0
      }
      if turn.isUnfinished { continue }
      if looksAgain && turn.isLive {
        pause(turn, &idle)
      } else {
        sleep(&waits, turn.descriptor)
        patience.renew()
      }
    }
  }

  /// A vCPU at the gate would else come in only if it tried just in the moment between two turns.
  private func letOthersIn(_ transport: VirtioTransport) {
    var turns = 0
    while transport.isAwaited && !thread.isStopping { DeviceThread.idle(&turns) }
  }

  private func pause(_ turn: Turn, _ idle: inout Int) {
    DeviceThread.idle(&idle)
    // An interrupt may need this processor: KVM hands some to a kernel thread of it.
    if turn.interrupted { DeviceThread.yield() }
  }

  private func sleep(_ waits: inout WaitSet, _ descriptor: Int32) {
    waits.replace(doorbells.count + 1, by: descriptor)
    waits.wait()
    if waits.isReady(0) { thread.forgetWake() }
    for (index, doorbell) in doorbells.enumerated() where waits.isReady(index + 1) { _ = doorbell.answer() }
  }
}

/// How long the thread still looks at the queues without being told.
private struct Patience {
  private let service: QueueService
  private var end = SuspendingClock.now

  init(_ service: QueueService) {
    self.service = service
  }

  var isLeft: Bool {
    switch service {
    case .vcpu, .thread: false
    case .adaptive: SuspendingClock.now < end
    case .poll: true
    }
  }

  mutating func renew() {
    if service == .adaptive { end = SuspendingClock.now + QueueService.patience }
  }
}

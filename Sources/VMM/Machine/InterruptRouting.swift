import KVM
import Synchronization

/// The interrupts of a machine that are messages, and the table by which KVM delivers them.
final class InterruptRouting: Sendable {
  /// How many messages a machine may have.
  static let capacity = 256

  private let vm: VirtualMachine
  /// By number from ``VirtualMachine/firstMessageNumber`` on; nil for those that lead nowhere.
  private let messages = Mutex<[MessageInterrupt.Message?]>([])

  init(_ vm: VirtualMachine) {
    self.vm = vm
  }

  /// The next message, which leads nowhere yet.
  func makeInterrupt() throws(KVMError) -> MessageInterrupt {
    let event = try WakeUp()
    let index = messages.withLock { messages -> Int? in
      guard messages.count < Self.capacity else { return nil }
      messages.append(nil)
      return messages.count - 1
    }
    guard let index else {
      throw KVMError("KVM_IRQFD", errno: 0, advice: "a machine has at most \(Self.capacity) messages")
    }
    try vm.interrupt(VirtualMachine.firstMessageNumber + UInt32(index), onSignalOf: event.number)
    return KernelMessageInterrupt(self, index, event)
  }

  /// Lets message `index` be `message`. KVM hears of changes only: a guest may write its table as often as it likes.
  fileprivate func route(_ index: Int, _ message: MessageInterrupt.Message?) throws(KVMError) {
    try messages.withLock { messages throws(KVMError) in
      guard messages[index] != message else { return }
      let before = messages[index]
      messages[index] = message
      do throws(KVMError) { try tell(messages) } catch {
        messages[index] = nil
        // It leads nowhere from now on, not to where it led before.
        if before != nil { try? tell(messages) }
        throw error
      }
    }
  }

  private func tell(_ messages: [MessageInterrupt.Message?]) throws(KVMError) {
    try vm.routeInterrupts(
      messages.enumerated().compactMap { index, message in
        message.map { (VirtualMachine.firstMessageNumber + UInt32(index), $0.address, $0.data) }
      })
  }
}

/// A message that KVM delivers when an eventfd is signalled.
private final class KernelMessageInterrupt: MessageInterrupt, @unchecked Sendable {
  private let routing: InterruptRouting
  private let index: Int
  private let event: WakeUp

  init(_ routing: InterruptRouting, _ index: Int, _ event: WakeUp) {
    self.routing = routing
    self.index = index
    self.event = event
  }

  override func lead(to message: Message?) throws(KVMError) {
    // A processor takes messages at 0xfeexxxxx only (Intel SDM vol. 3, 11.11.1); KVM does not look at these bits.
    if let message, message.address >> 20 != 0xfee {
      try routing.route(index, nil)
      throw KVMError(
        "KVM_SET_GSI_ROUTING", errno: 0,
        advice: "message to \(hex(message.address)), where no LAPIC is, is not sent")
    }
    try routing.route(index, message)
  }

  override func deliver() {
    event.signal()
  }
}

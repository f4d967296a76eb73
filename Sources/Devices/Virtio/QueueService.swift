/// Who serves the queues of a device.
public enum QueueService: String, CaseIterable, Sendable {
  /// The vCPU that notifies, in its exit. What the back end has is fetched by the thread that supervises the machine.
  case vcpu
  /// A thread of the device's own, which notifications wake: by ioeventfd, where they cost no exit to user space, or by
  /// the exit of the vCPU.
  case thread
  /// The same, and the thread looks on for ``patience`` before it sleeps and asks for notifications: a driver that has
  /// more meanwhile need not notify.
  case adaptive
  /// A thread of the device's own that looks at the queues without end, and asks the driver for no notifications.
  case poll

  /// How long a thread looks on after it has found something or was woken, about as long as an exit and a thread's awaking take
  /// together, so that at worst they cost twice what they would.
  static let patience = Duration.microseconds(50)

  /// The most chains of a queue that are served before the others in the device have their turn. A vCPU serves all, as it
  /// has nothing else to do; what the driver can add meanwhile is bounded by ``rounds``.
  var batch: Int { self == .vcpu ? .max : 64 }

  /// How often a queue is looked at again, after it was empty, before somebody else has to go on.
  var rounds: Int { self == .vcpu ? 8 : 1 }
}

/// How a batch ended.
public enum BatchEnd: Sendable {
  /// The queue has no chain left that can be used: more are wanted.
  case starved
  /// There is nothing to do with more chains for now.
  case sated
  /// The batch had as many chains as it may have; there may be more.
  case full
}

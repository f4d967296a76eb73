import VMM

/// A virtio device without its transport: status, features, queues and configuration space, which mean the same
/// on every bus. A device type is a subclass, written once; a transport (``VirtioTransport``) gives it registers and
/// interrupts, and calls whoever serves its queues.
///
/// Everything here is called with the transport's gate closed.
open class VirtioDevice: @unchecked Sendable {
  /// The name in the ledger, lower case: `virtio-net`.
  public final let name: String
  /// The device ID of its type (virtio 1.2, section 5).
  public final let type: UInt32
  /// All the features that a driver can have.
  public final let features: VirtioFeatures
  /// By index; at most 64.
  public final let queues: [SplitQueue]
  /// The configuration space. Whoever changes it while a guest runs does so in ``changeConfiguration(_:)``.
  public final let config: HostBuffer
  /// The fields of the configuration space, for the ledger; offsets from its beginning.
  public final let configFields: [Register]
  /// Changes with the configuration space, so that a driver sees whether it read parts of two (section 2.5.1).
  public final private(set) var configGeneration: UInt8 = 0
  public final private(set) var status: DeviceStatus = []
  /// What the driver wants, and what was negotiated once the status says FEATURES_OK.
  public final private(set) var driverFeatures: VirtioFeatures = []
  /// Who calls ``serve(_:)``; set by the transport.
  final var service = QueueService.vcpu {
    didSet { isWatched = service == .poll }
  }
  /// Whether somebody looks at the queues again soon without being told: no notifications are asked for.
  private final var isWatched = false
  /// Chains completed so far, for whoever wants to know whether there was something to do.
  final private(set) var completed: UInt64 = 0
  /// Queues that were left with chains that the driver notifies nobody of, a bit each: somebody serves them soon.
  private final var unfinished: UInt64 = 0
  private final var notifications = Notifications()
  /// Keeps the fault lines.
  final weak var transport: Device?

  public init(
    name: String, type: UInt32, features: VirtioFeatures, queues: [SplitQueue], config: [UInt8],
    configFields: [Register]
  ) {
    precondition(queues.count <= 64 && !config.isEmpty)
    self.name = name
    self.type = type
    self.features = features.union([.version1, .eventIndex, .indirectDescriptors])
    self.queues = queues
    self.config = HostBuffer(count: config.count)
    self.configFields = configFields
    self.config.view.copy(from: config)
  }

  // MARK: What a device type is

  /// The driver made buffers available in these queues, a bit each, or may have; and the back end may have something for
  /// the driver. Answered by calls of ``work(on:_:)``.
  ///
  /// - Returns: the queues that are not finished, as ``work(on:_:)`` says, a bit each.
  open func serve(_ queues: UInt64) -> UInt64 { 0 }

  /// For poll(2): readable when the back end may have something for the driver; negative where there is nothing to wait
  /// for at the moment.
  open var descriptor: Int32 { -1 }

  /// What is wrong with a set of features of which each was offered; nil if nothing is.
  open func objection(to features: VirtioFeatures) -> String? { nil }

  /// The driver and the device agree on ``driverFeatures``.
  open func negotiated() {}

  /// The driver has reset the device; ``status``, ``driverFeatures`` and the queues are as at first already.
  open func wasReset() {}

  /// The frames, for a NIC.
  open var packets: PacketCounters? { nil }

  /// Runs batches on queue `index` until it is empty: `body` pops and completes chains, then they are published and the
  /// driver is notified if it wants to be. Does nothing unless the driver is up and all is well. If `body` throws, the
  /// device stops and needs a reset; what it completed before that is published still.
  ///
  /// - Parameter body: given the queue and the most chains that it may complete.
  /// - Returns: 0, or the queue's bit if chains may be left of which the driver will not tell.
  public final func work(
    on index: Int, _ body: (_ queue: SplitQueue, _ most: Int) throws(QueueError) -> BatchEnd
  ) -> UInt64 {
    let queue = queues[index]
    guard isLive, queue.isReady else { return 0 }
    let bit: UInt64 = 1 << UInt64(index)
    queue.suppressNotifications()
    do throws(QueueError) {
      for _ in 0..<service.rounds {
        let end = try body(queue, service.batch)
        publish(queue, bit, moreFollows: end == .full)
        switch end {
        case .sated: return 0
        case .full: return bit
        case .starved:
          if isWatched { return 0 }
          guard try queue.requestNotifications() else { return 0 }
        }
      }
      return bit
    } catch {
      stop("queue \(index): \(error)")
      publish(queue, bit)
      return 0
    }
  }

  private func publish(_ queue: SplitQueue, _ bit: UInt64, moreFollows: Bool = false) {
    completed &+= UInt64(queue.unpublished)
    if queue.publish(moreFollows: moreFollows) { notifications.queues |= bit }
  }

  /// Changes the configuration space by a write of the driver's own, which needs no notification of the change.
  public final func changeConfiguration(_ change: (MemoryView) -> Void) {
    change(config.view)
    configGeneration &+= 1
  }

  /// Notes in the report that the driver or the back end did something wrong.
  public final func fault(_ message: @autoclosure () -> String) {
    transport?.fault(message())
  }

  // MARK: What a transport needs

  /// Takes a write of the status field: a step of the driver, or 0 for a reset.
  public final func writeStatus(_ value: UInt32) {
    guard value != 0 else { return reset() }
    let next = DeviceStatus(rawValue: UInt8(truncatingIfNeeded: value))
    guard value <= 0xff, status.allows(next) else {
      return fault("status \(hex(status.rawValue)) cannot become \(hex(value))")
    }
    // Section 2.2.2: the device refuses by leaving the bit clear. Section 6.2: it may insist on VERSION_1.
    if next.contains(.featuresOK) {
      guard driverFeatures.isSubset(of: features) else {
        return fault("features \(hex(driverFeatures.rawValue)) of which not all were offered")
      }
      guard driverFeatures.contains(.version1) else { return fault("features without VERSION_1") }
      if let objection = objection(to: driverFeatures) { return fault(objection) }
    }
    let before = status
    status.formUnion(next.subtracting(.needsReset))
    if status.contains(.featuresOK), !before.contains(.featuresOK) { negotiated() }
    if isLive, !before.contains(.driverOK) { begin() }
  }

  /// The driver is up. Where somebody looks at the queues anyway, it is told so before its first notification; else a
  /// queue that the driver has initialised asks for notifications already.
  private func begin() {
    guard isWatched else { return }
    for queue in queues { queue.suppressNotifications() }
  }

  /// Takes 32 bits of the features that the driver wants.
  public final func writeDriverFeatures(_ bits: UInt32, word: UInt32) {
    // Not only between DRIVER and FEATURES_OK: see ``DeviceStatus``.
    guard status.isDisjoint(with: [.featuresOK, .failed]) else {
      return fault("driver features written in status \(hex(status.rawValue))")
    }
    guard let wanted = driverFeatures.replacing(word: word, with: bits) else {
      return fault("driver features \(hex(bits)) in word \(word), which has none")
    }
    driverFeatures = wanted
  }

  /// Changes the setup of queue `index`, between FEATURES_OK and DRIVER_OK and while it is not ready.
  public final func configureQueue(_ index: UInt32, _ change: (inout QueueSetup) -> Void) {
    guard let queue = queue(index) else { return fault("there is no queue \(index) to set up") }
    // FreeBSD clears the addresses once more behind its reset.
    guard !status.isEmpty else { return }
    guard status.contains(.featuresOK) else { return fault("queue \(index) set up before FEATURES_OK") }
    guard !status.contains(.driverOK), !queue.isReady else {
      // The driver has moved its rings in its own mind, and would wait for ever for those that we serve.
      return stop("queue \(index) set up again while in use")
    }
    change(&queue.setup)
  }

  /// Takes a write of queue `index`'s ready bit.
  public final func writeQueueReady(_ index: UInt32, _ value: UInt32) {
    guard let queue = queue(index) else { return fault("there is no queue \(index) to make ready") }
    switch value {
    case 0:
      queue.disable()
    case 1 where status.contains(.featuresOK) && !status.contains(.driverOK) && !queue.isReady:
      do throws(QueueError) {
        try queue.enable(driverFeatures)
      } catch {
        stop("queue \(index): \(error)")
      }
    default:
      fault("ready \(value) written to queue \(index) in status \(hex(status.rawValue))")
    }
  }

  /// Whether a notification of queue `index` is in order; it need not have news (section 2.7.10.2).
  public final func mayNotify(_ index: UInt32) -> Bool {
    guard let queue = queue(index) else {
      fault("there is no queue \(index) to notify")
      return false
    }
    guard status.contains(.driverOK), queue.isReady else {
      fault("queue \(index) notified before DRIVER_OK, or not ready")
      return false
    }
    return true
  }

  /// Serves a queue whose driver has notified. After the device has stopped that does nothing: it may have crossed with
  /// the news.
  public final func notify(_ index: UInt32) {
    serveAndRemember(1 << UInt64(index))
  }

  /// Fetches what the back end has for the driver, and goes on where somebody stopped.
  public final func poll() {
    serveAndRemember(unfinished)
  }

  /// Looks at all queues and at the back end; for a thread that serves them.
  ///
  /// - Parameter looksAgain: it calls this again soon whatever it finds, and asks for no notifications before that.
  final func serveAll(looksAgain: Bool) {
    isWatched = looksAgain
    serveAndRemember(~0)
  }

  private func serveAndRemember(_ queues: UInt64) {
    guard isLive else {
      unfinished = 0
      return settle()
    }
    unfinished = unfinished & ~queues | serve(queues)
    settle()
  }

  /// Notifies of what waited for a next batch that does not come: the back end had no more than filled the last one.
  private func settle() {
    for index in queues.indices {
      let bit: UInt64 = 1 << UInt64(index)
      if unfinished & bit == 0, queues[index].isUnsettled { publish(queues[index], bit) }
    }
  }

  /// Whether ``poll()`` is to be called again although nobody will say so.
  public final var isUnfinished: Bool { unfinished != 0 }

  /// The queue at `index`, nil where there is none.
  public final func queue(_ index: UInt32) -> SplitQueue? {
    index < UInt32(queues.count) ? queues[Int(index)] : nil
  }

  /// What the driver has to be told since the last call.
  public final func takeNotifications() -> Notifications {
    defer { notifications = Notifications() }
    return notifications
  }

  /// Brings back the state that a driver finds first (section 2.4.1).
  private func reset() {
    status = []
    driverFeatures = []
    notifications = Notifications()
    unfinished = 0
    for queue in queues { queue.reset() }
    wasReset()
  }

  /// Section 2.1.2: the error is shown in the status, with a configuration change notification.
  private func stop(_ reason: @autoclosure () -> String) {
    fault(reason())
    status.insert(.needsReset)
    notifications.configuration = true
  }

  /// Whether the driver is up and all is well.
  public final var isLive: Bool {
    status.contains(.driverOK) && status.isDisjoint(with: [.needsReset, .failed])
  }
}

/// What a device has to tell its driver (virtio 1.2, section 2.3).
public struct Notifications: Equatable, Sendable {
  /// Used buffer notifications, one bit for each queue.
  public var queues: UInt64 = 0
  /// The configuration change notification.
  public var configuration = false

  public init() {}
}

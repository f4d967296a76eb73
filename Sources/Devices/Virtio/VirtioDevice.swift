import VMM

/// A virtio device without its transport: status, features, queues and configuration space, which mean the same
/// on every bus. A device type is a subclass, written once; a transport (``VirtioMMIO``) gives it registers and
/// an interrupt.
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
  /// The configuration space. It does not change while a guest runs, so its generation stays 0.
  public final let config: HostBuffer
  /// The fields of the configuration space, for the ledger; offsets from its beginning.
  public final let configFields: [Register]
  public final private(set) var status: DeviceStatus = []
  /// What the driver wants, and what was negotiated once the status says FEATURES_OK.
  public final private(set) var driverFeatures: VirtioFeatures = []
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
    self.features = features.union(.version1)
    self.queues = queues
    self.config = HostBuffer(count: config.count)
    self.configFields = configFields
    self.config.view.copy(from: config)
  }

  // MARK: What a device type is

  /// The driver made buffers available in queue `index`, which is ready. Answered by calls of
  /// ``serve(_:_:)``, as many as are needed.
  open func driverNotified(_ index: Int) {}

  /// The back end may have something for the driver.
  open func poll() {}

  /// The frames, for a NIC.
  open var packets: PacketCounters? { nil }

  /// Runs one batch on queue `index`: `body` pops and completes chains, then they are published and the driver
  /// is notified if it wants to be. Does nothing unless the driver is up and all is well. If `body` throws, the
  /// device stops and needs a reset; what it completed before that is published still.
  public final func serve(_ index: Int, _ body: (SplitQueue) throws(QueueError) -> Void) {
    guard isLive else { return }
    let queue = queues[index]
    do throws(QueueError) {
      try body(queue)
    } catch {
      stop("queue \(index): \(error)")
    }
    if queue.publish() { notifications.queues |= 1 << UInt64(index) }
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
    }
    status.formUnion(next.subtracting(.needsReset))
  }

  /// Takes 32 bits of the features that the driver wants.
  public final func writeDriverFeatures(_ bits: UInt32, word: UInt32) {
    guard status.contains(.driver), status.isDisjoint(with: [.featuresOK, .failed]) else {
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
        try queue.enable()
      } catch {
        stop("queue \(index): \(error)")
      }
    default:
      fault("ready \(value) written to queue \(index) in status \(hex(status.rawValue))")
    }
  }

  /// Takes a notification from the driver. One for a queue without news is in order (section 2.7.10.2); one that
  /// comes after the device has stopped may have crossed with the news of that.
  public final func notify(_ index: UInt32) {
    guard let queue = queue(index) else { return fault("there is no queue \(index) to notify") }
    guard status.contains(.driverOK), queue.isReady else {
      return fault("queue \(index) notified before DRIVER_OK, or not ready")
    }
    if isLive { driverNotified(Int(index)) }
  }

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
    for queue in queues { queue.reset() }
  }

  /// Section 2.1.2: the error is shown in the status, with a configuration change notification.
  private func stop(_ reason: @autoclosure () -> String) {
    fault(reason())
    status.insert(.needsReset)
    notifications.configuration = true
  }

  private var isLive: Bool {
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

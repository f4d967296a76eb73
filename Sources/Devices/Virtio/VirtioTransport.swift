import KVM
import VMM

/// What the transports of a virtio device have in common: who serves its queues, and what is counted.
///
/// A subclass has the registers. It calls ``driverNotifies(_:)`` for a notification that comes as a write,
/// ``settle()`` at the end of each write, and is told in ``deliver(_:)`` what the driver is to be told; all with the gate
/// closed.
open class VirtioTransport: Device, @unchecked Sendable {
  public final let device: VirtioDevice
  private let service: QueueService
  private let doorbells: [Doorbell]
  /// nil where vCPUs serve.
  private let server: QueueServer?
  /// Wakes the supervisor where vCPUs serve: to go on with a queue, or since there is another descriptor to wait for.
  private let supervisorWakeUp: WakeUp
  /// The descriptor of the back end that the supervisor waits for.
  private var watched: Int32 = -1
  /// Notifications that came as writes.
  private var notifyWrites: UInt64 = 0
  private var wasLive = false
  /// Queues notified while the device may not reach memory or the driver is not up, a bit each.
  private var held: UInt64 = 0

  /// - Parameters:
  ///   - name: in the ledger.
  ///   - device: what the registers control; it belongs to this transport from now on.
  ///   - service: who serves the queues.
  ///   - doorbells: of ``doorbells(for:_:ioeventfd:_:)``; they are in one of the windows as well.
  /// - Throws: ``KVMError`` where the system has no eventfd to give.
  public init(
    name: String, device: VirtioDevice, service: QueueService, doorbells: [Doorbell], windows: [Window]
  ) throws(KVMError) {
    self.device = device
    self.service = service
    self.doorbells = doorbells
    supervisorWakeUp = try WakeUp()
    server = service == .vcpu ? nil : try QueueServer(name: device.name, doorbells, service)
    super.init(name: name, windows: windows)
    device.service = service
    device.transport = self
  }

  /// A doorbell for each queue, by its index; none where a notification comes as a write of the driver's.
  ///
  /// - Parameters:
  ///   - ioeventfd: the kernel takes notifications, where another thread than the driver's serves the queues.
  ///   - make: makes the one of a queue.
  public static func doorbells(
    for device: VirtioDevice, _ service: QueueService, ioeventfd: Bool,
    _ make: (Int) throws(KVMError) -> Doorbell
  ) throws(KVMError) -> [Doorbell] {
    guard ioeventfd && service != .vcpu else { return [] }
    var doorbells: [Doorbell] = []
    for index in device.queues.indices { doorbells.append(try make(index)) }
    return doorbells
  }

  // MARK: What a transport is

  /// Tells the driver, by interrupts and by the registers that explain them. Nothing may be there to tell.
  open func deliver(_ notifications: Notifications) {}

  /// Whether the device may reach memory now. Without that it serves no queue.
  open var reachesMemory: Bool { true }

  /// How many interrupts were raised.
  open var interrupts: UInt64 { 0 }

  // MARK: What a transport calls

  /// Takes a notification that came as a write of the driver's.
  public final func driverNotifies(_ queue: UInt32) {
    notifyWrites &+= 1
    guard device.mayNotify(queue) else {
      // Linux before 5.19 can notify before DRIVER_OK, and does not again.
      if !device.isLive && queue < UInt32(device.queues.count) { held |= 1 << UInt64(queue) }
      return
    }
    guard reachesMemory else {
      held |= 1 << UInt64(queue)
      return fault("queue \(queue) notified while bus mastering is off: it is served once that is on")
    }
    if service == .vcpu { device.notify(queue) } else { wakeServer() }
  }

  /// The device may reach memory again: what was asked for meanwhile is done now.
  final func resume() {
    if service == .vcpu {
      serveHeld()
      device.poll()
    } else {
      held = 0
      wakeServer()
    }
    settle()
  }

  private func serveHeld() {
    guard device.isLive else { return }
    let queues = held
    held = 0
    for index in device.queues.indices where queues & 1 << UInt64(index) != 0 { device.notify(UInt32(index)) }
  }

  /// Passes on what a write has led to.
  public final func settle() {
    if device.isLive != wasLive {
      wasLive = device.isLive
      // The thread sleeps while the driver is not up, whatever kind it is of.
      if service != .vcpu {
        wakeServer()
      } else if reachesMemory {
        serveHeld()
      }
    }
    deliver(device.takeNotifications())
    guard service == .vcpu else { return }
    if device.isUnfinished && reachesMemory || descriptor != watched { wakeSupervisor() }
  }

  /// Reads the configuration space, which begins at `start` of the window: fields in their own width, or in halves of 32
  /// bits (sections 4.1.3.1 and 4.2.2.2). Behind the last there may always be padding (section 2.5.1), which reads as 0.
  final func readConfig(_ access: Access, at start: Int) -> UInt64 {
    let offset = Int(access.offset) - start
    let size = Int(access.size)
    guard size == 1 || size == 2 || size == 4, offset % size == 0 else {
      fault("read of \(size) bytes of the configuration space at \(hex(access.offset))")
      return 0
    }
    guard let field = device.config.view.slice(offset, size) else { return 0 }
    return switch size {
    case 1: UInt64(field.load(UInt8.self, at: 0))
    case 2: UInt64(field.load(UInt16.self, at: 0))
    default: UInt64(field.load(UInt32.self, at: 0))
    }
  }

  /// What to wait for; nothing while there is no memory for what would come.
  private var descriptor: Int32 { reachesMemory ? device.descriptor : -1 }

  // Out of line, for they count references and are rare.

  @inline(never)
  private func wakeServer() {
    server?.wake()
  }

  @inline(never)
  private func wakeSupervisor() {
    supervisorWakeUp.signal()
  }

  /// Fetches what the back end has for the driver. Any thread may call it.
  public final func poll() {
    exclusively {
      guard reachesMemory else { return }
      device.poll()
      settle()
    }
  }

  // MARK: Device

  public final override var watches: [Watch] {
    guard service == .vcpu else { return [] }
    return [
      Watch(
        descriptor: { [unowned self] in
          exclusively {
            watched = descriptor
            return watched
          }
        },
        serve: { [unowned self] in poll() }),
      Watch(
        descriptor: { [supervisorWakeUp] in supervisorWakeUp.number },
        serve: { [unowned self] in
          supervisorWakeUp.clear()
          poll()
        }),
    ]
  }

  public override func start() throws(KVMError) {
    try server?.start(self)
  }

  public override func stop() {
    server?.stop()
  }

  public override var counters: DeviceCounters {
    let rings = doorbells.reduce(0) { $0 &+ $1.total() }
    // A ring that is counted here wakes nobody any more.
    if !doorbells.isEmpty { wakeServer() }
    return DeviceCounters(kicks: notifyWrites &+ rings, interrupts: interrupts, packets: device.packets)
  }

  /// One turn of the thread that serves the queues, which has another one soon where it `looksAgain`.
  final func turn(looksAgain: Bool) -> QueueServer.Turn {
    exclusively {
      let completed = device.completed
      if reachesMemory { device.serveAll(looksAgain: looksAgain) }
      let notifications = device.takeNotifications()
      deliver(notifications)
      return QueueServer.Turn(
        isLive: device.isLive && reachesMemory, isUnfinished: device.isUnfinished && reachesMemory,
        didWork: device.completed != completed,
        interrupted: notifications != Notifications(), descriptor: descriptor)
    }
  }
}

import KVM
import Synchronization

/// A device: some windows of registers, answered by ``read(_:)`` and ``write(_:_:)``.
///
/// A device imports VMM and knows no KVM: its interrupt line, its back end and its guest memory are handed to
/// it, so each one is tested without a guest. Every guest is hostile: whatever a device is asked, it does
/// bounded work, does not trap (guest values take `&+` and friends), and says through ``fault(_:)`` what was
/// wrong.
///
/// vCPUs and the supervisor's thread reach a device one at a time, through its gate. A subclass therefore needs no
/// lock; code of its own that runs on another thread enters by ``exclusively(_:)``.
open class Device: @unchecked Sendable {
  /// The name in the ledger, lower case: `uart`, `e1000`.
  public final let name: String
  /// The ranges that the bus routes here; ``Access/window`` is an index into this list.
  public final let windows: [Window]
  @usableFromInline final let gate = Gate()
  private final var faultLog = FaultLog()

  public init(name: String, windows: [Window]) {
    self.name = name
    self.windows = windows
  }

  /// Answers a read: the value in the low `access.size` bytes. Without an override, all ones.
  open func read(_ access: Access) -> UInt64 { access.ones }

  /// Takes a write of the low `access.size` bytes of `value`; the bytes above are zero.
  open func write(_ access: Access, _ value: UInt64) {}

  /// The ``Alarm`` handed to the device rings.
  open func alarmRang() {}

  /// Descriptors that the device waits for: those of its back end. Asked once, before the machine runs.
  open var watches: [Watch] { [] }

  /// The machine is about to run: threads of the device's own begin.
  ///
  /// - Throws: ``KVMError`` where the host has no thread to give.
  open func start() throws(KVMError) {}

  /// The machine has stopped: threads of the device's own have ended when this returns.
  open func stop() {}

  /// What the report tells of the device beside its exits.
  open var counters: DeviceCounters { DeviceCounters() }

  /// Runs `body` while no vCPU and no other thread is in the device.
  public final func exclusively<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
    gate.close()
    defer { gate.open() }
    return try body()
  }

  /// Runs `body` if no other thread is in the device now; else nil, at once: for threads that must not wait, as a vCPU
  /// may stay in a device for as long as somebody does not read the guest's output.
  public final func ifFree<R>(_ body: () -> R) -> R? {
    guard gate.tryToClose() else { return nil }
    defer { gate.open() }
    return body()
  }

  /// Whether another thread waits to come in: a vCPU at a register. A thread of the device's own lets it go first before
  /// it enters again.
  public final var isAwaited: Bool { gate.isAwaited }

  /// Notes that the guest (or a back end) did something wrong, in one line: what and where.
  ///
  /// The first few are kept for the report and the rest counted, so a guest cannot fill memory with them.
  public final func fault(_ message: @autoclosure () -> String) {
    faultLog.add(message())
  }

  /// The lines kept and how many came after them.
  public final var faults: FaultLog { faultLog }
}

/// What the report tells of a device beside its exits.
public struct DeviceCounters: Equatable, Sendable {
  /// Notifications from the driver (doorbell writes), nil for devices without a doorbell.
  public var kicks: UInt64?
  /// Interrupts that the device raised, nil for devices without a line.
  public var interrupts: UInt64?
  public var packets: PacketCounters?

  public init(kicks: UInt64? = nil, interrupts: UInt64? = nil, packets: PacketCounters? = nil) {
    self.kicks = kicks
    self.interrupts = interrupts
    self.packets = packets
  }
}

/// The frames of a NIC, and what its back end found when it checked them.
public struct PacketCounters: Equatable, Sendable {
  /// Frames that the guest sent and the NIC handed to its back end, those that this then dropped among them.
  public var transmitted: UInt64 = 0
  /// Frames that the guest was given.
  public var received: UInt64 = 0
  /// Frames missing from the sequence that the back end saw.
  public var lost: UInt64 = 0
  /// Frames with a wrong checksum, length or order.
  public var corrupt: UInt64 = 0
  /// Frames that the device dropped and said so (no receive buffer, malformed descriptor).
  public var dropped: UInt64 = 0

  public init() {}
}

/// The first faults of a device, and the number of the rest.
public struct FaultLog: Equatable, Sendable {
  /// How many lines are kept.
  public static let capacity = 16

  public private(set) var lines: [String] = []
  /// Faults beyond the lines kept.
  public private(set) var more: UInt64 = 0

  mutating func add(_ line: @autoclosure () -> String) {
    if lines.count < Self.capacity {
      lines.append(line())
    } else {
      more &+= 1
    }
  }
}

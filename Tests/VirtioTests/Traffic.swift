import Dispatch
import KVM
import TestSupport
import VMM

@testable import Virtio

/// The wire to a driver that sleeps until it rises.
final class Wire: InterruptLine, @unchecked Sendable {
  /// Far beyond what a loaded machine takes: only a wake-up that never comes takes so long.
  private static let patience = DispatchTimeInterval.seconds(60)
  private let edges = DispatchSemaphore(value: 0)

  override func drive(_ asserted: Bool) {
    if asserted { edges.signal() }
  }

  /// Sleeps until the wire has risen since the last time; false where it never does.
  func sleep() -> Bool {
    edges.wait(timeout: .now() + Self.patience) == .success
  }
}

/// A driver on a thread of its own: it notifies only when the device asks for that, and sleeps until an interrupt for
/// which it has asked, each with the barrier that the specification demands. A notification that gets lost on the way
/// stops the traffic.
final class Traffic {
  static let queue: UInt32 = 1

  let ring: Ring
  let echo: Echo
  let bus: Bus
  private let wire = Wire()
  private let service: QueueService
  private let features: UInt64
  private var numbers: Numbers
  private var offered: UInt16 = 0
  private var taken: UInt16 = 0
  private(set) var kicks: UInt64 = 0
  private(set) var sleeps = 0

  init(
    _ service: QueueService, ioeventfd: Bool = true, eventIndex: Bool, size: UInt16 = 8, seed: UInt64 = 1
  ) throws {
    ring = try Ring(size: size)
    echo = Echo(memory: ring.memory)
    self.service = service
    features = 1 << 32 | (eventIndex ? 1 << 29 : 0)
    numbers = Numbers(state: seed)
    bus = Bus(
      device: try VirtioMMIO(
        device: echo, base: 0xd000_0000, interrupt: wire, service: service, ioeventfd: ioeventfd),
      line: wire)
    for index in 0..<size { ring.describe(index, Ring.Entry(flags: Ring.Entry.write)) }
  }

  /// Brings the device up from whatever state, over rings of zeros.
  func initialise() {
    bus.write(0x70, 0)
    ring.ram.slice(Int(Ring.available), 0x1000)!.clear()
    ring.ram.slice(Int(Ring.used), 0x1000)!.clear()
    offered = 0
    taken = 0
    bus.initialise(through: 11, features: features)
    bus.setUp(Self.queue, ring.setup)
    bus.write(0x70, 15)
  }

  /// Sends `count` chains and takes them back in order; what went wrong.
  func run(_ count: Int) -> String? {
    var left = count
    while left > 0 || offered != taken {
      let room = Int(ring.size) - Int(offered &- taken)
      let new = min(left, Int.random(in: 0...room, using: &numbers))
      offer(new)
      left -= new
      guard let reaped = reap() else { return "used element \(taken) is wrong" }
      if reaped == 0, offered != taken, Bool.random(using: &numbers), let problem = sleep() {
        return "\(problem), with \(left) to go"
      }
    }
    return nil
  }

  /// Adds chains and notifies the device if it wants that (sections 2.7.13.3 and 2.7.13.4).
  func offer(_ count: Int) {
    guard count > 0 else { return }
    let old = offered
    for _ in 0..<count {
      ring.ram.store(offered % ring.size, at: Int(Ring.available) + 4 + 2 * Int(offered % ring.size))
      offered &+= 1
    }
    ring.ram.storeRelease(offered, at: Int(Ring.available) + 2)
    memoryBarrier()
    let wanted =
      usesEvents ? SplitQueue.crosses(ring.availableEvent, from: old, to: offered) : ring.usedFlags & 1 == 0
    if wanted { kick() }
  }

  /// A write of QueueNotify: KVM rings the doorbell where there is one.
  func kick() {
    kicks += 1
    let doorbells = bus.device.windows[0].doorbells
    if doorbells.isEmpty { bus.write(0x50, Self.queue) } else { doorbells[Int(Self.queue)].ring() }
  }

  private func reap() -> Int? {
    let used = ring.ram.loadAcquire(at: Int(Ring.used) + 2)
    let count = used &- taken
    guard count <= offered &- taken else { return nil }
    while taken != used {
      guard ring.usedElement(taken).id == UInt32(taken % ring.size) else { return nil }
      taken &+= 1
    }
    return Int(count)
  }

  /// Asks for an interrupt, looks once more, and sleeps (section 2.7.14).
  private func sleep() -> String? {
    if usesEvents { ring.usedEvent = taken } else { ring.availableFlags = 0 }
    memoryBarrier()
    while ring.ram.loadAcquire(at: Int(Ring.used) + 2) == taken {
      sleeps += 1
      guard wire.sleep() else { return "neither a notification nor an interrupt came to \(taken)" }
      bus.write(0x64, bus.interruptStatus)
    }
    if !usesEvents { ring.availableFlags = 1 }
    return nil
  }

  private var usesEvents: Bool { features & 1 << 29 != 0 }
}

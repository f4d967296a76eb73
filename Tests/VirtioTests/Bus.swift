import VMM
import Virtio

/// The driver's side of the registers: what a guest would read and write, from any thread.
struct Bus {
  let device: VirtioMMIO
  let line: InterruptLine

  func read(_ offset: Int, size: Int = 4) -> UInt32 {
    UInt32(truncatingIfNeeded: device.exclusively { device.read(Access(offset: offset, size: size)) })
  }

  func write(_ offset: Int, _ value: UInt32, size: Int = 4) {
    device.exclusively { device.write(Access(offset: offset, size: size), UInt64(value)) }
  }

  var status: UInt32 { read(0x70) }
  var interruptStatus: UInt32 { read(0x60) }
  var faultCount: Int { device.faults.lines.count + Int(device.faults.more) }

  /// Sets the status bit by bit up to and with `last`, accepting `features`.
  func initialise(through last: UInt32, features: UInt64 = 1 << 32) {
    write(0x70, 0)
    for status: UInt32 in [1, 3, 11, 15] where status <= last {
      if status == 11 { accept(features) }
      write(0x70, status)
    }
  }

  func accept(_ features: UInt64) {
    for word: UInt32 in 0..<2 {
      write(0x24, word)
      write(0x20, UInt32(truncatingIfNeeded: features >> (32 * UInt64(word))))
    }
  }

  /// Writes size and addresses of the queue and makes it ready.
  func setUp(_ queue: UInt32, _ setup: QueueSetup) {
    write(0x30, queue)
    write(0x38, setup.size)
    for (offset, address) in [
      (0x80, setup.descriptorArea), (0x90, setup.driverArea), (0xa0, setup.deviceArea),
    ] {
      write(offset, UInt32(truncatingIfNeeded: address))
      write(offset + 4, UInt32(truncatingIfNeeded: address >> 32))
    }
    write(0x44, 1)
  }
}

extension Bus {
  /// Stops a queue that is ready.
  func disable(_ queue: UInt32) {
    write(0x30, queue)
    write(0x44, 0)
  }
}

/// A device that returns each chain as it came and counts how often it was asked.
final class Echo: VirtioDevice, @unchecked Sendable {
  /// The queues of each call, a bit each.
  private(set) var served: [UInt64] = []
  /// Where a test wants one.
  var watched: Int32 = -1

  init(memory: GuestMemory) {
    super.init(
      name: "echo", type: 42, features: VirtioFeatures(rawValue: 1 << 3 | 1 << 40),
      queues: [64, 8].map { SplitQueue(memory: memory, maximumSize: $0) },
      config: [0x11, 0x22, 0x33, 0x44, 0x55, 0x66],
      configFields: [Register("first", at: 0, count: 4), Register("second", at: 4, count: 2)])
  }

  override var descriptor: Int32 { isLive ? watched : -1 }

  override func serve(_ queues: UInt64) -> UInt64 {
    served.append(queues)
    var unfinished: UInt64 = 0
    // Queue 0 is also the one that a back end would fill.
    for index in 0..<2 where index == 0 || queues & 1 << UInt64(index) != 0 { unfinished |= echo(index) }
    return unfinished
  }

  private func echo(_ index: Int) -> UInt64 {
    work(on: index) { queue, most throws(QueueError) in
      for _ in 0..<most {
        guard try queue.pop() else { return .starved }
        queue.complete(written: queue.chain.writableCount)
      }
      return .full
    }
  }
}

import VMM
import Virtio

/// The driver's side of the registers: what a guest would read and write.
struct Bus {
  let device: VirtioMMIO
  let line: InterruptLine

  func read(_ offset: Int, size: Int = 4) -> UInt32 {
    UInt32(truncatingIfNeeded: device.read(Access(offset: offset, size: size)))
  }

  func write(_ offset: Int, _ value: UInt32, size: Int = 4) {
    device.write(Access(offset: offset, size: size), UInt64(value))
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

/// A device that returns each chain as it came and counts how often it was asked.
final class Echo: VirtioDevice, @unchecked Sendable {
  private(set) var notified: [Int] = []
  private(set) var polled = 0

  init(memory: GuestMemory) {
    super.init(
      name: "echo", type: 42, features: VirtioFeatures(rawValue: 1 << 3 | 1 << 40),
      queues: [64, 8].map { SplitQueue(memory: memory, maximumSize: $0) },
      config: [0x11, 0x22, 0x33, 0x44, 0x55, 0x66],
      configFields: [Register("first", at: 0, count: 4), Register("second", at: 4, count: 2)])
  }

  override func driverNotified(_ index: Int) {
    notified.append(index)
    echo(index)
  }

  override func poll() {
    polled += 1
    echo(0)
  }

  private func echo(_ index: Int) {
    serve(index) { queue throws(QueueError) in
      while try queue.pop() { queue.complete(written: queue.chain.writableCount) }
    }
  }
}

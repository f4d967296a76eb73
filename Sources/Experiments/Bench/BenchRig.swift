import KVM
import VMM
import Witness

/// What a run of the image `bench` finds beside the usual machine: its device, the thread that answers it, its memory.
final class BenchRig {
  let device: BenchDevice
  /// False where the host will not back the memory as wanted.
  let memoryIsAsWanted: Bool
  private let answerer: Answerer?
  private let memory: GuestMemory
  private let fresh: FreshMemory?
  private let touched: Int
  private let huge: Box
  private var thread: Thread?

  private final class Box {
    var bytes: Int?
  }

  /// - Parameters:
  ///   - count: samples of a batch.
  ///   - counter: see ``MarkLog``.
  init(
    _ operation: GuestOperation, count: Int, on machine: Machine,
    counter: (() throws(Unavailable) -> UInt64)?
  ) throws(KVMError) {
    memory = machine.memory
    fresh = operation.memory
    touched = count * (operation.memory?.stride ?? 0)
    let view = machine.memory.view(at: FreshMemory.address, count: touched)
    memoryIsAsWanted = operation.memory.map { wanted in view.map(wanted.advise) ?? false } ?? true
    let answerer = operation.answer == nil ? nil : try Answerer(machine)
    self.answerer = answerer
    let huge = Box()
    self.huge = huge
    let isHuge = operation.memory?.isHuge ?? false
    let marks = MarkLog(counter: counter) { if isHuge { huge.bytes = FreshMemory.hugeBytes } }
    device = try BenchDevice(
      operation.part, marks: marks, renew: { if let view { FreshMemory.renew(view) } },
      request: { answerer?.watch($0) })
  }

  func startAnswering() {
    guard let answerer else { return }
    let doorbell = device.doorbell
    thread = Thread { answerer.answer(doorbell) }
  }

  func stopAnswering() {
    answerer?.stop()
    thread?.join()
    thread = nil
  }

  /// Why the host's pages were not of 2 MiB where they should have been.
  var missingHugeBytes: Unavailable? {
    guard let fresh, fresh.isHuge else { return nil }
    guard let bytes = huge.bytes else {
      return Unavailable("/proc/self/smaps_rollup does not tell the size of pages")
    }
    return bytes >= touched ? nil : Unavailable("the host had no free pages of 2 MiB to give")
  }

  /// What the guest left in its memory and the marks, nil where it did not.
  func measurement(_ group: Int, count: Int, batches: Int) -> RawMeasurement? {
    let marks = device.marks
    let size = GuestOperation.mostSamples * MemoryLayout<UInt32>.size
    guard let address = device.samples, let view = memory.view(at: address, count: 2 * size),
      marks.operations.count == batches, marks.baselines.count == batches
    else { return nil }
    func ticks(_ half: Int, _ batch: Int) -> [UInt32] {
      (0..<count).map { view.load(at: half * size + 4 * (batch * count + $0)) }
    }
    var raw = RawMeasurement(group: group)
    for batch in 0..<batches {
      raw.addBaseline((ticks(0, batch), marks.baselines[batch].seconds))
      raw.addOperation((ticks(1, batch), marks.operations[batch].seconds))
    }
    return raw
  }
}

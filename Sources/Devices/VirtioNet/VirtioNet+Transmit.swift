import NetBackends
import VMM
import Virtio

/// From the driver to the back end (virtio 1.2, section 5.1.6.2).
extension VirtioNet {
  /// Sends what is there; for what comes later the driver notifies again.
  func transmit() -> UInt64 {
    let before = counts.transmitted
    var budget = WorkBudget()
    let unfinished = work(on: Self.transmitQueue) { queue, most throws(QueueError) in
      for _ in 0..<most {
        guard !budget.isSpent else { return .full }
        guard try queue.pop() else { return .starved }
        budget.spend(queue.chain.readableCount)
        send(queue.chain, &budget)
        queue.complete(written: 0)
      }
      return .full
    }
    if counts.transmitted != before { backend.flush() }
    return unfinished
  }

  /// Writable buffers do not belong here and are left alone.
  private func send(_ chain: DescriptorChain, _ budget: inout WorkBudget) {
    let count = chain.readableCount - NetHeader.count
    guard Self.frameLengths.contains(count) else {
      return drop("transmit chain of \(chain.readableCount) bytes holds no frame behind its header")
    }
    let header = NetHeader(chain.read(by: headerSpace.view))
    guard header.leavesWork else {
      chain.withReadable { backend.transmit($0, .none) }
      counts.transmitted &+= 1
      return
    }
    let problem = chain.withReadable { frame -> HeaderProblem? in
      do throws(HeaderProblem) {
        let offload = try header.offload(for: frame, count: count, allowed: transmitOffloads)
        if offload.segmentation != .none { budget.spend(cutting: count, into: Int(offload.segmentSize)) }
        try pass(frame, offload)
        return nil
      } catch { return error }
    }
    if let problem { return drop("frame of \(count) bytes \(problem)") }
    counts.transmitted &+= 1
  }

  /// Hands the frame to the back end: as it is where that takes it so, which can change from frame to frame, else as the
  /// finished frames that it becomes.
  private func pass(_ frame: borrowing Span<MemoryView>, _ offload: Offload) throws(HeaderProblem) {
    guard !offload.needs.isSubset(of: backend.accepts) else { return backend.transmit(frame, offload) }
    do throws(SegmenterProblem) {
      try segmenter.complete(frame, offload) { backend.transmit($0) }
    } catch { throw .cannotBeCompleted(error) }
  }
}

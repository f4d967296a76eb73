import Testing
import Witness

@testable import Experiments

struct MarkLogTests {
  private final class Counter {
    var value: UInt64 = 1000
  }

  private static let (end, baseline, operation): (UInt64, UInt64, UInt64) = (0, 1, 2)

  /// Batches as a guest marks them; between the marks the counter goes on by so many.
  private func log(_ log: MarkLog, _ counter: Counter, _ batches: [(mark: UInt64, events: UInt64)]) {
    for batch in batches {
      counter.value += 7
      log.take(batch.mark)
      counter.value += batch.events
      log.take(Self.end)
    }
  }

  @Test func `what happens between marks is counted, the baseline's share taken away`() {
    let counter = Counter()
    let marks = MarkLog(counter: { counter.value })
    log(
      marks, counter, [(Self.baseline, 3), (Self.operation, 103), (Self.baseline, 4), (Self.operation, 104)])
    #expect(marks.counted == 200)
    #expect(marks.baselines.map(\.counted) == [3, 4])
    #expect(marks.operations.map(\.counted) == [103, 104])
    #expect((marks.operations + marks.baselines).allSatisfy { $0.seconds >= 0 })
    #expect(marks.failure == nil)
  }

  @Test func `without a counter there is no count`() {
    let marks = MarkLog()
    log(marks, Counter(), [(Self.baseline, 1), (Self.operation, 1)])
    #expect(marks.counted == nil)
    #expect(marks.operations.count == 1)
  }

  @Test func `a counter that fails is asked no more, and says why`() {
    var asked = 0
    let marks = MarkLog(counter: { () throws(Unavailable) in
      asked += 1
      throw Unavailable("gone")
    })
    log(marks, Counter(), [(Self.baseline, 1), (Self.operation, 1), (Self.operation, 1)])
    #expect(marks.counted == nil)
    #expect(marks.failure == Unavailable("gone"))
    #expect(asked == 1)
  }

  @Test func `ends without a beginning, and marks that are none, are nothing`() {
    var ends = 0
    let marks = MarkLog(atEnd: { ends += 1 })
    for mark: UInt64 in [0, 3, 0, 99, 1, 0, 0, 2, 2, 0] { marks.take(mark) }
    #expect(marks.baselines.count == 1)
    #expect(marks.operations.count == 1)
    #expect(ends == 1)
  }
}

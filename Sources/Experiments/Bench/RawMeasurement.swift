/// The samples of an operation, and those of its baseline: the same instructions around nothing.
struct RawMeasurement: Equatable {
  /// Operations in each sample.
  let group: Int
  /// Ticks of the time-stamp counter.
  private(set) var baseline: [UInt32] = []
  private(set) var operation: [UInt32] = []
  /// Seconds of each batch, by the host's clock.
  private(set) var baselineSeconds: [Double] = []
  private(set) var operationSeconds: [Double] = []

  init(group: Int) {
    self.group = group
  }

  mutating func addBaseline(_ batch: (ticks: [UInt32], seconds: Double)) {
    baseline += batch.ticks
    baselineSeconds.append(batch.seconds)
  }

  mutating func addOperation(_ batch: (ticks: [UInt32], seconds: Double)) {
    operation += batch.ticks
    operationSeconds.append(batch.seconds)
  }

  /// How often the operation was done.
  var operations: UInt64 { UInt64(operation.count) * UInt64(group) }

  /// One operation in ticks, by the guest's samples.
  var ticks: Distribution {
    Distribution(operation.map(Double.init)).less(Distribution(baseline.map(Double.init)))
      .scaled(by: 1 / Double(group))
  }

  /// One operation in ns, by the host's clock.
  var hostNanoseconds: Distribution {
    Distribution(operationSeconds).less(Distribution(baselineSeconds))
      .scaled(by: 1e9 * Double(operationSeconds.count) / Double(operations))
  }
}

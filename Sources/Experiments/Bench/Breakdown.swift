/// Where the time of an exit to user space goes, derived from the rows: medians, in cycles of the time-stamp counter.
///
/// An exit that the kernel answers is the way into the kernel and back. An exit that user space answers is that way, our
/// own work, and what is left: the way on to user space and back into KVM.
public struct Breakdown: Codable, Equatable, Sendable {
  /// How the guest reaches the device.
  public enum Path: String, Codable, CaseIterable, Sendable {
    case port, memory

    /// The row that the kernel answers, and the one that user space answers: both read.
    public var rows: (kernel: String, user: String) {
      switch self {
      case .port: ("pic-in", "pio-in")
      case .memory: ("lapic-read", "mmio-read")
      }
    }
  }

  public let path: Path
  public let cpl: Int
  /// Guest to kernel to guest.
  public let kernelCycles: Double
  /// Kernel to user space to kernel.
  public let userCycles: Double
  /// Between two KVM_RUNs.
  public let dispatchCycles: Double
  /// Guest to user space to guest: the sum of the three.
  public let totalCycles: Double

  /// - Parameters:
  ///   - kernel: median of the row that the kernel answers.
  ///   - user: median of the row that user space answers.
  ///   - dispatch: median of our own part.
  public init(_ path: Path, cpl: Int, kernel: Double, user: Double, dispatch: Double) {
    self.path = path
    self.cpl = cpl
    kernelCycles = kernel
    dispatchCycles = dispatch
    userCycles = user - kernel - dispatch
    totalCycles = user
  }

  /// Nil where a row is missing, or where its exits were none.
  public init?(_ path: Path, cpl: Int, from results: [BenchResult]) {
    func median(_ name: String, _ cpl: Int?) -> Double? {
      guard let result = results.first(where: { $0.name == name && $0.cpl == cpl }),
        result.isExit
      else { return nil }
      return result.cycles?.median
    }
    guard let kernel = median(path.rows.kernel, cpl), let user = median(path.rows.user, cpl),
      let dispatch = median("dispatch", nil)
    else { return nil }
    self.init(path, cpl: cpl, kernel: kernel, user: user, dispatch: dispatch)
  }

  /// All that the results allow.
  public static func all(from results: [BenchResult]) -> [Breakdown] {
    Path.allCases.flatMap { path in [0, 3].compactMap { Breakdown(path, cpl: $0, from: results) } }
  }
}

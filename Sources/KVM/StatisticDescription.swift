import CKVM

/// What a counter of KVM's is, in its own words (KVM API, section 4.133, `struct kvm_stats_desc`).
///
/// What a newer KVM may say and this does not know is kept as its number, never guessed.
public struct StatisticDescription: Equatable, Sendable {
  /// How the values move.
  public enum Kind: Equatable, Sendable {
    /// Only upwards.
    case cumulative
    /// Up and down.
    case instant
    /// The largest so far.
    case peak
    /// Buckets of ``StatisticDescription/bucketSize`` each, the last without an end.
    case linearHistogram
    /// Buckets [0], [1], [2, 4), [4, 8) and so on, the last without an end.
    case logarithmicHistogram
    case unknown(UInt32)
  }

  public enum Unit: Equatable, Sendable {
    case none, bytes, seconds, cycles, boolean
    case unknown(UInt32)

    /// What the report calls it (docs/witnesses.md, `unit`).
    public var name: String {
      switch self {
      case .none: "none"
      case .bytes: "bytes"
      case .seconds: "seconds"
      case .cycles: "cycles"
      case .boolean: "boolean"
      case .unknown(let number): "unknown(\(number))"
      }
    }
  }

  public let name: String
  public let kind: Kind
  public let unit: Unit
  /// A value is so many units: 10 or 2, as the counter says, to the power of its exponent. 1e-9 for nanoseconds.
  public let scale: Double
  /// Number of values: 1, or the buckets of a histogram; at most ``mostValues``.
  public let count: Int
  /// Width of a bucket of a linear histogram, else 0.
  public let bucketSize: UInt32
  let offset: Int64

  static let mostValues: UInt16 = 1024

  init(name: String, _ fields: kvm_stats_desc) {
    self.name = name
    kind =
      switch fields.flags & KVM_STATS_TYPE_MASK_ {
      case KVM_STATS_TYPE_CUMULATIVE_: .cumulative
      case KVM_STATS_TYPE_INSTANT_: .instant
      case KVM_STATS_TYPE_PEAK_: .peak
      case KVM_STATS_TYPE_LINEAR_HIST_: .linearHistogram
      case KVM_STATS_TYPE_LOG_HIST_: .logarithmicHistogram
      case let other: .unknown(other)
      }
    unit =
      switch fields.flags & KVM_STATS_UNIT_MASK_ {
      case KVM_STATS_UNIT_NONE_: .none
      case KVM_STATS_UNIT_BYTES_: .bytes
      case KVM_STATS_UNIT_SECONDS_: .seconds
      case KVM_STATS_UNIT_CYCLES_: .cycles
      case KVM_STATS_UNIT_BOOLEAN_: .boolean
      case let other: .unknown(other)
      }
    let base = fields.flags & KVM_STATS_BASE_MASK_ == KVM_STATS_BASE_POW2_ ? 2.0 : 10.0
    scale = Self.power(base, Int(fields.exponent))
    count = Int(min(fields.size, Self.mostValues))
    bucketSize = fields.bucket_size
    offset = Int64(fields.offset)
  }

  private static func power(_ base: Double, _ exponent: Int) -> Double {
    let magnitude = (0..<min(64, abs(exponent))).reduce(1.0) { result, _ in result * base }
    return exponent < 0 ? 1 / magnitude : magnitude
  }
}

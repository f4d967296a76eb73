import HostFacts

/// Something that costs time, and how `bench` finds out how much.
public struct BenchRow: Sendable {
  /// Who answers it, which is how the table is parted.
  public enum Group: String, Codable, CaseIterable, Sendable {
    /// Nobody: no guest takes part.
    case host
    /// KVM, without a return to user space.
    case kernel
    /// A device in user space.
    case user
    /// KVM together with somebody else: a thread, another vCPU, the host's memory management.
    case events

    /// The heading of its part of the table.
    public var title: String {
      switch self {
      case .host: "without a guest"
      case .kernel: "answered by the kernel"
      case .user: "answered by user space"
      case .events: "events, interrupts and memory"
      }
    }
  }

  enum Work: Sendable {
    case host(HostOperation)
    case guest(GuestOperation)
  }

  /// Unique; what `--rows` chooses by.
  public let name: String
  public let group: Group
  /// What is repeated, in one line.
  public let summary: String
  /// The privilege levels (CPL) at which the guest does it; none for rows without a guest.
  public let levels: [Int]
  let work: Work

  init(_ name: String, _ summary: String, _ operation: HostOperation) {
    self.name = name
    group = .host
    self.summary = summary
    levels = []
    work = .host(operation)
  }

  init(
    _ name: String, _ group: Group, _ summary: String, levels: [Int] = [0, 3], _ operation: GuestOperation
  ) {
    self.name = name
    self.group = group
    self.summary = summary
    self.levels = levels
    work = .guest(operation)
  }

  /// Every row, group by group, in the order of the table.
  public static let all: [BenchRow] = host + kernel + user + events

  /// The row of that name, nil where there is none.
  public static func named(_ name: String) -> BenchRow? { all.first { $0.name == name } }
}

/// A row at one of its privilege levels: a line of the table.
public struct BenchCase: Sendable {
  public let row: BenchRow
  /// Nil for rows without a guest.
  public let level: Int?

  /// What is measured first and compared with everything: a system call.
  public static let systemCall = BenchCase(row: BenchRow.named("getpid")!, level: nil)

  /// All lines of the table.
  public static let all: [BenchCase] = BenchRow.all.flatMap(cases(of:))

  static func cases(of row: BenchRow) -> [BenchCase] {
    row.levels.isEmpty
      ? [BenchCase(row: row, level: nil)] : row.levels.map { BenchCase(row: row, level: $0) }
  }
}

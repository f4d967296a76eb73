/// What others have published, and the row that measures the same here.
public struct PublishedFigure: Codable, Equatable, Sendable {
  public enum Unit: String, Codable, Sendable {
    case cycles
    case microseconds = "us"
  }

  public let what: String
  public let unit: Unit
  /// As published.
  public let figure: String
  public let source: String
  /// The row.
  public let row: String
  /// Its median at CPL 0 and at CPL 3, in ``unit``; for a row without a guest the first alone. Nil where it was not measured,
  /// or was no exit.
  public var atCPL0: Double?
  public var atCPL3: Double?

  private init(_ what: String, _ row: String, _ figure: String, _ unit: Unit, _ source: String) {
    self.what = what
    self.row = row
    self.figure = figure
    self.unit = unit
    self.source = source
  }

  private static let guide = "the study guide"
  private static let pvm = "PVM, SOSP 2023"
  private static let pvmFigures = "kvm/pvm/nested kvm/nested pvm"

  /// The study guide's figures are claims without a source; the others were measured by their authors.
  static let all: [PublishedFigure] = [
    PublishedFigure("a system call", "getpid", "~100", .cycles, guide),
    PublishedFigure("exit and return, nothing done", "cpuid", "~2400", .cycles, guide),
    PublishedFigure("exit and I/O emulation", "uart-in", "~6000+", .cycles, guide),
    PublishedFigure(
      "exit and return, hardware alone", "cpuid", "761-3963, nested 9794", .cycles,
      "Agesen, ATC 2012"),
    PublishedFigure("direct cost of an exit", "cpuid", "~2000", .cycles, "SplitX, WIOV 2011"),
    PublishedFigure("CPUID in a nested guest", "cpuid", "6850-28850", .cycles, "Linux 1201f226c863"),
    PublishedFigure("KVM_RUN with an exit (SVM)", "pio-in", "~2528", .cycles, "Roth, LKML 2020"),
    PublishedFigure("CPUID: \(pvmFigures)", "cpuid", ".54/.60/7.10/.51", .microseconds, pvm),
    PublishedFigure("MSR: the same", "rdmsr", ".87/2.53/8.18/2.88", .microseconds, pvm),
    PublishedFigure("PIO: the same", "pio-in", "3.79/4.91/29.34/12.94", .microseconds, pvm),
    PublishedFigure(
      "register access in the kernel", "lapic-read", "1.2", .microseconds, "Rizzo, ANCS 2013"),
    PublishedFigure(
      "register access in user space", "e1000-read", "3.7", .microseconds, "Rizzo, ANCS 2013"),
  ]

  /// Those of which a row was measured, with what it says.
  public static func beside(_ results: [BenchResult]) -> [PublishedFigure] {
    all.compactMap { figure in
      var figure = figure
      figure.atCPL0 = figure.median(of: results, cpl: 0) ?? figure.median(of: results, cpl: nil)
      figure.atCPL3 = figure.median(of: results, cpl: 3)
      return figure.atCPL0 == nil && figure.atCPL3 == nil ? nil : figure
    }
  }

  private func median(of results: [BenchResult], cpl: Int?) -> Double? {
    guard let result = results.first(where: { $0.name == row && $0.cpl == cpl }), result.isExit
    else { return nil }
    switch unit {
    case .cycles: return result.cycles?.median
    case .microseconds: return result.nanoseconds.map { $0.median / 1000 }
    }
  }
}

import ArgumentParser
import Attach
import CLinux
import Guests
import HostFacts
import KVM
import Presentation
import VMM

struct AttachCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attach",
    abstract: "Counts the exits of a virtual machine that is running, whichever VMM runs it.",
    discussion: """
      Counts by reason, by port and address and by vCPU until Ctrl-C, the end of the process or --duration, \
      and prints a table, which a terminal shows live. Needs root; or CAP_PERFMON, the VMM's own user and a \
      tracefs that this user may read. The virtual machine runs on as it was, also if this program is killed.
      """)

  @Argument(help: "The process of a VMM: QEMU, Firecracker, Cloud Hypervisor, kvmtool, swiftvmm.")
  var pid: String

  @Option(help: ArgumentHelp("End after so many seconds.", valueName: "seconds"))
  var duration: String?

  @Option(help: ArgumentHelp("Write the counts as JSON.", valueName: "file"))
  var json: String?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "Name a range of ports or, beyond 0xffff, of memory: 0xc000-0xc03f=virtio-net.",
      valueName: "first-last=name"))
  var map: [String] = []

  func run() throws {
    Signals.prepare()
    let limit = try duration.map { text throws(Failure) in try parseSeconds(text, of: "--duration") }
    let ranges = try ranges()
    guard let number = parseDecimal(pid[...]).flatMap({ pid_t(exactly: $0) }), number > 0 else {
      throw Failure.usage("'\(pid)': the number of a process, please")
    }
    let jsonFile = try json.map { path throws(Failure) in try OutputFile(path) }
    let report = try count(number, limit, ranges)
    try writeToStandardOutput(report.lines().map { $0 + "\n" }.joined())
    try jsonFile?.write(Presentation.json(report))
  }

  private func ranges() throws(Failure) -> [NamedRange] {
    var ranges: [NamedRange] = []
    for text in map {
      guard let range = NamedRange(text) else {
        throw .usage("--map \(text): like 0xc000-0xc03f=virtio-net, FIRST-LAST=NAME or ADDRESS=NAME")
      }
      ranges.append(range)
    }
    return ranges
  }

  private func count(
    _ pid: pid_t, _ limit: Duration?, _ ranges: [NamedRange]
  ) throws(Failure) -> AttachReport {
    let host = HostFacts.current
    let attachment: Attachment
    do throws(AttachError) {
      let target = try Target(pid)
      attachment = try Attachment(to: target, TracepointPlan(for: host.kvm), ranges: ranges)
      complain("attached to \(pid) (\(target.command)): \(attachment.threadCount) threads")
    } catch { throw .usage(error.description) }
    do throws(KVMError) {
      let session = AttachSession(attachment, host: host)
      let stop = try Signals.open()
      guard isatty(STDOUT_FILENO) == 1 else {
        return try session.run(limit: limit, stop: stop.number, interval: .seconds(1), show: nil)
      }
      let screen = Screen()
      let report = try session.run(
        limit: limit, stop: stop.number, interval: .seconds(1), show: { screen.show($0) })
      screen.clear()
      return report
    } catch { throw Failure(error) }
  }
}

/// The table on the terminal, drawn over itself.
private final class Screen {
  private var table = LiveTable()
  private var last: AttachReport?

  func show(_ report: AttachReport) {
    var size = winsize()
    // A terminal that does not tell is taken for the smallest there is.
    let isKnown = unsafe linux_window_size(STDOUT_FILENO, &size) == 0 && size.ws_row > 0 && size.ws_col > 0
    let (rows, columns) = isKnown ? (Int(size.ws_row), Int(size.ws_col)) : (24, 80)
    write(
      table.frame(report.lines(since: last, addressLimit: 5), rows: rows, columns: columns), to: STDOUT_FILENO
    )
    last = report
  }

  func clear() {
    write(table.clear(), to: STDOUT_FILENO)
  }
}

import CLinux
import Console
import Guests
import KVM
import NetBackends
import Report
import Witness

/// What `pair` does: two machines side by side, each run by a thread of its own.
struct PairRun {
  private let sides: [Side]

  /// Makes the wire and both machines.
  ///
  /// - Throws: ``Failure``, before either guest has run an instruction.
  init(_ arguments: PairArguments) throws(Failure) {
    let wire: (left: BridgeEnd, right: BridgeEnd)
    do throws(KVMError) { wire = try BridgeEnd.makeWire() } catch { throw Failure(error) }
    sides = [
      try Side("left", arguments.left, wire.left), try Side("right", arguments.right, wire.right),
    ]
  }

  /// Runs both to their ends and tells of one after the other; the first status that is not 0.
  func run() throws(Failure) -> Int32 {
    let threads = sides.map { side in Thread { side.run() } }
    for thread in threads { thread?.join() }
    var status: Int32 = 0
    for side in sides {
      let own = side.tell()
      if status == 0 { status = own }
    }
    return status
  }
}

/// One guest of the two. Its thread alone makes the threads of its machine, by which witnesses know them.
private final class Side {
  private let name: String
  private let boot: BootRun
  private var result = Result<RunReport, Failure>.failure(
    Failure(status: ExitStatus.kvm, message: "no thread to run the guest"))

  init(_ name: String, _ arguments: BootArguments, _ wire: BridgeEnd) throws(Failure) {
    self.name = name
    do throws(Failure) {
      let output = GuestOutput(descriptor: STDOUT_FILENO, mark: "\(name): ")
      boot = try BootRun(arguments, output: output, input: nil, wire: wire)
    } catch {
      throw Failure(status: error.status, message: error.message.map { "--\(name): \($0)" })
    }
  }

  func run() {
    result = Result { () throws(Failure) in try boot.run() }
  }

  /// The guest's status.
  func tell() -> Int32 {
    do {
      let report = try result.get()
      try boot.tell(report, of: name)
      return report.outcome.status
    } catch {
      complain("\(name): \((error as? Failure)?.message ?? "\(error)")")
      return (error as? Failure)?.status ?? ExitStatus.usage
    }
  }
}

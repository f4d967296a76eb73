import ArgumentParser
import Board
import CLinux
import Console
import Guests
import Presentation
import Report
import VMM

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Sends the same packets through an emulated E1000 and through virtio-net, and compares the exits.",
    discussion: """
      Each rung runs several times; counts must be the same each time, packets per second are given as the \
      median with minimum and maximum. What the study guide "VM Exit Minimization" says stands beside.
      """)

  @Option(help: "Packets of each run.")
  var packets = 1000

  @Option(help: "Runs of each rung.")
  var runs = 5

  func validate() throws {
    guard (1...1_000_000).contains(packets) else { throw ValidationError("--packets: 1 to 1000000, please") }
    guard (1...100).contains(runs) else { throw ValidationError("--runs: 1 to 100, please") }
  }

  func run() throws {
    Signals.prepare()
    let rungs = Rung.all(packets: packets)
    var results: [RungResult] = []
    for rung in rungs {
      writeToStandardError("swiftvmm: \(rung.name): \(runs) runs of \(rung.words.joined(separator: " "))\n")
      results.append(try RungResult(rung, packets: packets, runs: runs))
    }
    try writeToStandardOutput(text(results))
    guard results.allSatisfy(\.isExact) else {
      throw Failure(status: 1, message: "a rung's exits differ between its runs: see the table")
    }
  }

  private func text(_ results: [RungResult]) -> String {
    var table = TextTable([
      "\(grouped(UInt64(packets))) packets", "exits in all", "of the NIC", "kicks", "exits/packet",
      "packets/s",
      "min", "max", "the guide says",
    ])
    for result in results {
      table.add([
        result.rung.name, result.isExact ? grouped(result.exits) : "differs", grouped(result.nicExits),
        grouped(result.kicks), decimal(result.exitsPerPacket, 3),
        grouped(result.rates[result.rates.count / 2]),
        grouped(result.rates.first!), grouped(result.rates.last!), result.rung.guide,
      ])
    }
    var lines = table.lines + [""]
    for result in results { lines += result.explanation(packets: packets) }
    lines.append(
      "Exits are returns of KVM_RUN between the guest's two marks, so without boot and set-up; the guest runs at "
        + "CPL 3 on \(results[0].host).")
    return lines.joined(separator: "\n") + "\n"
  }
}

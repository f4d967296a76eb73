import ArgumentParser
import Doctor
import Guests
import KVM
import Presentation
import Report

/// Named for the module beside it, whose name the command has.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Says what this host can measure, and what would mend what it cannot.",
    discussion: """
      Changes nothing on the host, and needs no privilege: what it may not look at, it says so. \
      The exit status is 0 where KVM can be used, and 38 where it cannot.
      """)

  @Option(help: ArgumentHelp("Write all that was found as JSON; see docs/doctor.md.", valueName: "file"))
  var json: String?

  func run() throws {
    let file = try json.map { path throws(Failure) in try OutputFile(path) }
    let diagnosis = Diagnosis(of: .examine())
    try writeToStandardOutput(diagnosis.text)
    try file?.write(Presentation.json(diagnosis))
    if let complaint = diagnosis.complaint { throw Failure(status: ExitStatus.kvm, message: complaint) }
  }
}

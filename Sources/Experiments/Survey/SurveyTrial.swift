import KVM
import VMM
import Witness

/// One guest that does something so many times on one machine, and what of it is counted.
struct SurveyTrial: Sendable {
  /// In the first column: what is provoked, or by what means it is done away with.
  var name: String
  /// How often the guest does it, and what: 1000, `OUTs`.
  var events: (count: UInt64, noun: String)
  /// A built-in image and the words of its command line.
  let image: String
  let words: [String]
  var count: SurveyCount
  var needs: [SurveyNeed] = []
  /// How the machine differs from the usual one.
  var machine: @Sendable (inout MachineConfiguration) -> Void = { _ in }
  /// Where the instruction stands whose exits are meant; nil where the guest does the like nowhere else.
  var place: UInt64?
  /// The device that the machine gets besides.
  var device: SurveyDevice.Answer?
  /// The guest wants interrupts from another thread.
  var isInterrupted = false
  /// What is known beforehand of the exits, where they are provoked.
  var expectation = Expectation.each(1)
  /// A counter of KVM's that tells more of it.
  var aside: String?
  /// The row of `bench` that says what one costs, and the privilege level there.
  var price: SurveyPrice?

  enum Expectation: Sendable {
    /// So many of each event.
    case each(UInt64)
    /// Nobody can say, for this reason.
    case open(String)
  }

  /// Where the image `survey` has its instruction (GuestImages/survey/survey.h).
  static let instruction: UInt64 = 0x7000

  /// The image `survey` with one of its instructions.
  ///
  /// - Parameter place: port, address or MSR of the instruction.
  static func instruction(
    _ name: String, _ operation: String, _ events: (UInt64, String), at place: UInt64 = 0,
    level: Int = 3, count: SurveyCount
  ) -> SurveyTrial {
    var words = ["op=\(operation)", "count=\(events.0)"]
    if place != 0 { words.append("at=\(place)") }
    if level != 3 { words.append("cpl=\(level)") }
    return SurveyTrial(
      name: name, events: events, image: "survey", words: words, count: count, place: instruction)
  }

  /// The same with another part of it changed.
  func with(_ change: (inout SurveyTrial) -> Void) -> SurveyTrial {
    var trial = self
    change(&trial)
    return trial
  }
}

/// A line of `bench`.
struct SurveyPrice: Hashable, Sendable {
  let row: String
  let level: Int
}

/// How the exits of a trial are counted: those that came to user space by the ledger, all of them by a witness.
struct SurveyCount: Sendable {
  enum Ledger: Sendable {
    /// Between the guest's marks, of all devices.
    case window
    /// Between the guest's marks, of this device. Those outside of them are none of the witness's either.
    case device(String)
    /// The same, where the witness does not see them.
    case apart(String)
    case reason(ExitReason)
  }

  enum Witness: Sendable {
    /// The sum of their events.
    case tracepoints([TracepointSelection])
    /// A counter of KVM's vCPUs, from their start on.
    case statistic(String)
    /// kvm_exit at the instruction of the image `survey`.
    case hardware(HardwareExit)

    static func tracepoint(_ event: String, _ filter: String = "") -> Witness {
      .tracepoints([TracepointSelection(event, filter)])
    }
  }

  let ledger: Ledger
  let witness: Witness
  /// Instead of ``witness`` where there is no nested paging.
  var withoutNestedPaging: Witness?
  /// Instead of both on a PVM host.
  var onPVM: Witness?
  /// What kvm_exit says besides, on hosts where it fires.
  var hardware: HardwareExit?

  /// What kvm_exit says besides. Without nested paging KVM finds MMIO by page faults.
  func hardware(on host: SurveyHost) -> HardwareExit? {
    hardware == .memory && host.hasNestedPaging != true ? .pageFault : hardware
  }

  func witness(on host: SurveyHost) -> Witness {
    if host.kind == .pvm, let onPVM { return onPVM }
    if host.hasNestedPaging != true, let withoutNestedPaging { return withoutNestedPaging }
    return witness
  }

  /// Exits of a device at ports, whoever answers.
  static func ports(_ device: String, _ range: ClosedRange<UInt64>) -> SurveyCount {
    SurveyCount(
      ledger: .device(device), witness: .tracepoints([TracepointSelection("kvm_pio", "port", in: [range])]),
      hardware: .io)
  }

  /// Exits of a device in memory, whoever answers.
  static func memory(_ device: String, _ range: ClosedRange<UInt64>) -> SurveyCount {
    SurveyCount(
      ledger: .device(device),
      witness: .tracepoints([
        // Of a read that user space answers, type 1 is the end, not the beginning (docs/witnesses.md).
        TracepointSelection("kvm_mmio", "gpa", in: [range], where: "type == 0 || type == 2"),
        TracepointSelection("kvm_fast_mmio", "gpa", in: [range]),
      ]), hardware: .memory)
  }
}

import HostFacts
import KVM

/// An operation that the image `bench` repeats, and the machine that it needs; docs/bench.md.
struct GuestOperation: Sendable {
  /// Key `op` of the image.
  var name: String
  /// Key `at`: port, address or MSR.
  var at: UInt64 = 0
  /// Key `value`: what is written, or the leaf of CPUID.
  var value: UInt64 = 0
  /// Operations in one sample.
  var group = 1
  var samples = 2000
  /// The most samples that a batch may have.
  var largestBatch = 4096
  /// As `--nic` takes it.
  var nic: String?
  var cpus = 1
  /// What the device needs beside its controls.
  var part: BenchDevice.Part?
  /// Who answers with an interrupt.
  var answer: Answerer.Request?
  /// Memory that is to be untouched before each batch.
  var memory: FreshMemory?
  /// What the host's KVM must have.
  var needs: [Capability] = []
  var witness: BenchWitness

  /// How many samples, and in batches of which size: as near to `samples` as whole batches allow, at least one.
  func plan(samples wanted: Int?) -> (count: Int, batches: Int) {
    let wanted = min(Self.mostSamples, max(1, wanted ?? samples))
    let count = min(largestBatch, max(1, wanted / Self.usualBatches))
    return (count, max(1, wanted / count))
  }

  private static let usualBatches = 20
  /// What the image has room for.
  static let mostSamples = 65536
}

/// Who counts the operations of a row beside the guest, and what the count may be.
struct BenchWitness: Sendable {
  enum Source: Equatable, Sendable {
    /// The accesses to a register in our own ledger.
    case ledger(device: String, register: String)
    /// The eventfd that KVM signals.
    case doorbell
    /// A counter of KVM's statistics, over all vCPUs.
    case statistic(String)
    /// Events of a tracepoint: its name, and a filter in the kernel's language.
    case tracepoint(String, String = "")

    /// As the table shows it.
    var name: String {
      switch self {
      case .ledger: "ledger"
      case .doorbell: "eventfd"
      case .statistic(let name): name
      case .tracepoint(let event, _): event.split(separator: ":").last.map(String.init) ?? event
      }
    }
  }

  let source: Source
  /// Instead of ``source`` on a PVM host, and on SVM.
  var onPVM: Source?
  var onSVM: Source?
  /// Why nobody may have seen a single one, on hosts with hardware virtualisation, and on PVM hosts from one privilege
  /// level; nil where that would be a miscount.
  var silentOnHardware: String?
  var silentOnPVM: (level: Int, reason: String)?

  init(
    _ source: Source, onPVM: Source? = nil, onSVM: Source? = nil, silentOnHardware: String? = nil,
    silentOnPVM: (level: Int, reason: String)? = nil
  ) {
    self.source = source
    self.onPVM = onPVM
    self.onSVM = onSVM
    self.silentOnHardware = silentOnHardware
    self.silentOnPVM = silentOnPVM
  }

  func source(on host: HostKind) -> Source {
    switch host {
    case .pvm: onPVM ?? source
    case .svm: onSVM ?? source
    case .vtx, .unknown: source
    }
  }

  /// Why a count of 0 is right for a guest at `level`, nil where it is wrong.
  func reasonForSilence(on host: HostKind, level: Int) -> String? {
    guard host == .pvm else { return silentOnHardware }
    return silentOnPVM?.level == level ? silentOnPVM?.reason : nil
  }
}

import HostFacts
import KVM
import Witness

/// What the doctor knows a host by. All of it can be made up, so that a test plays any host from a folder of files.
public struct Host: Sendable {
  /// The folder below which /proc, /sys, /dev and /lib lie; empty for this machine's own.
  let root: String
  let kvm: Result<KVMAnswers, KVMError>
  let tracing: TracingAnswers
  /// A node of /dev by its path, nil where there is none.
  let node: @Sendable (String) -> DeviceNode?

  /// Kind of KVM, kernel and CPU.
  let facts: HostFacts

  init(
    root: String, kvm: Result<KVMAnswers, KVMError>, tracing: TracingAnswers,
    node: @escaping @Sendable (String) -> DeviceNode?
  ) {
    self.root = root
    self.kvm = kvm
    self.tracing = tracing
    self.node = node
    facts = HostFacts(root: root)
  }
}

/// What an open /dev/kvm, a VM and a vCPU of it say.
struct KVMAnswers: Sendable {
  /// What KVM says to each capability of ``CapabilityEntry/all`` and of the machine: 0 for absent.
  var capabilities: [Capability: Int]
  /// The counters of KVM's statistics, or why there are none.
  var counters: Result<CounterNames, Unavailable>
  /// Frequency of a guest's time-stamp counter in kHz, nil where KVM cannot tell.
  var timestampKHz: Int?
}

/// The counters of KVM's statistics by name.
struct CounterNames: Sendable {
  var ofVCPU: [String]
  var ofVM: [String]
}

/// What the kernel's tracing says to this user.
struct TracingAnswers: Sendable {
  /// The tracepoints by full name, `kvm:kvm_exit`, or why they are not to be seen.
  var tracepoints: Result<Set<String>, Unavailable>
  /// Why perf_event_open(2) does not count a tracepoint on the process's own threads, nil where it does.
  var threadsRefusal: Unavailable?
  /// Why it does not count one on all processors, nil where it does.
  var processorsRefusal: Unavailable?
}

/// A device node: who may open it.
struct DeviceNode: Sendable {
  /// Permission bits, as chmod(2) takes them.
  var mode: UInt32
  /// Number of the owning group.
  var group: UInt32
  /// Whether this user may read and write it.
  var isAccessible: Bool
}

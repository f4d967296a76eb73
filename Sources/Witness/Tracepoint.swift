import CLinux
import KVM

/// A tracepoint of the kernel, by the number that perf_event_open(2) wants.
public struct Tracepoint: Equatable, Sendable {
  /// Subsystem and name: `kvm:kvm_cpuid`.
  public let name: String
  let identifier: UInt64

  /// Looks the number up in tracefs, which is mounted for this look alone where it is not mounted yet: on a
  /// thread of its own, in a mount namespace of its own, so that the machine stays as it is.
  public init(_ subsystem: String, _ event: String) throws(Unavailable) {
    name = "\(subsystem):\(event)"
    let path = "/sys/kernel/tracing/events/\(subsystem)/\(event)/id"
    var answer = readNumber(path)
    if answer == -Int(ENOENT) {
      answer = withPrivateTracefs { readNumber(path) }
    }
    switch answer {
    case -Int(EACCES), -Int(EPERM):
      throw Unavailable("tracefs may be read and mounted by root only")
    case -Int(ENOENT): throw Unavailable("this kernel has no tracepoint \(name)")
    case ..<0: throw Unavailable("tracefs: " + KVMError(path, errno: Int32(-answer)).description)
    default: identifier = UInt64(answer)
    }
  }
}

/// Why a count cannot be had here.
public struct Unavailable: Error, Equatable, CustomStringConvertible {
  public let reason: String

  public init(_ reason: String) {
    self.reason = reason
  }

  public var description: String { reason }
}

/// Counts how often a tracepoint fires on the threads of one name.
///
/// It counts on each processor and lets the kernel filter by name, for a counter that belongs to threads makes the kernel
/// wait for a grace period, 20 ms on an idle machine, if there has been none for a while.
public final class TracepointCounter: Sendable {
  private let counters: [OpenCounter]

  private final class OpenCounter: Sendable {
    let descriptor: Descriptor

    init(_ number: Int32) {
      descriptor = Descriptor(owning: number)
    }
  }

  /// Starts counting at 0, on the processors that the calling thread may use.
  public init(_ tracepoint: Tracepoint, threadsNamed name: String) throws(Unavailable) {
    var counters: [OpenCounter] = []
    for processor in try Self.processors() {
      let number = unsafe linux_count_tracepoint_on(tracepoint.identifier, processor, "comm == \"\(name)\"")
      guard number >= 0 else {
        throw Unavailable(
          KVMError(
            "perf_event_open of \(tracepoint.name)", errno: Int32(-number),
            advice: "run as root, or with CAP_PERFMON"
          ).description)
      }
      counters.append(OpenCounter(Int32(number)))
    }
    self.counters = counters
  }

  private static func processors() throws(Unavailable) -> [Int32] {
    var words = [UInt64](repeating: 0, count: 128)
    let length = unsafe linux_processors(&words, words.count * 8)
    guard length > 0 else {
      throw Unavailable(KVMError("sched_getaffinity", errno: Int32(-length)).description)
    }
    return (0..<Int32(words.count * 64)).filter { words[Int($0) / 64] >> UInt64($0 % 64) & 1 != 0 }
  }

  /// How often it fired so far.
  ///
  /// - Throws: ``Unavailable`` where one of the processors does not tell.
  public func count() throws(Unavailable) -> UInt64 {
    var sum: UInt64 = 0
    for counter in counters {
      var value: UInt64 = 0
      let length = unsafe read(counter.descriptor.number, &value, MemoryLayout<UInt64>.size)
      guard length == MemoryLayout<UInt64>.size else {
        throw Unavailable(KVMError("read of a perf event", errno: linux_errno()).description)
      }
      sum += value
    }
    return sum
  }
}

/// The number in a small file, or a negative errno.
private func readNumber(_ path: String) -> Int {
  let number = Int(unsafe linux_open(path, O_RDONLY))
  guard number >= 0 else { return number }
  let file = Descriptor(owning: Int32(number))
  var text = [UInt8](repeating: 0, count: 32)
  let length = unsafe read(file.number, &text, text.count)
  guard length > 0 else { return -Int(length < 0 ? linux_errno() : EIO) }
  let digits = text[..<length].prefix { (0x30...0x39).contains($0) }
  return Int(String(decoding: digits, as: UTF8.self)) ?? -Int(EIO)
}

/// Runs `body` with tracefs mounted at its usual place, seen by nobody else: on a thread of its own, for the
/// mount namespace is the thread's.
private func withPrivateTracefs(_ body: @escaping () -> Int) -> Int {
  var answer = -Int(EAGAIN)
  let thread = Thread {
    let mounted = linux_mount_private_tracefs()
    answer = mounted < 0 ? Int(mounted) : body()
  }
  thread?.join()
  return answer
}

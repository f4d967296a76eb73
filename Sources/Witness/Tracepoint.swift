import CLinux
import KVM

/// A tracepoint of the kernel: the number that perf_event_open(2) wants, and where its records have their fields.
public struct Tracepoint: Equatable, Sendable {
  /// Subsystem and name: `kvm:kvm_cpuid`.
  public let name: String
  /// The fields of its records.
  public let format: EventFormat
  var identifier: UInt64 { format.identifier }

  /// Looks it up in tracefs, which is mounted for this look alone, and seen by nobody else, where it is not mounted yet.
  public init(_ subsystem: String, _ event: String) throws(Unavailable) {
    try self.init("\(subsystem):\(event)", Tracefs.read([Self.path(subsystem, event)])[0])
  }

  /// Looks several up at once, as ``init(_:_:)`` does each; the answers are in the order of `events`.
  public static func find(_ subsystem: String, _ events: [String]) -> [Result<Tracepoint, Unavailable>] {
    let files = Tracefs.read(events.map { path(subsystem, $0) })
    return zip(events, files).map { event, file in
      do throws(Unavailable) {
        return .success(try Tracepoint("\(subsystem):\(event)", file))
      } catch { return .failure(error) }
    }
  }

  private static func path(_ subsystem: String, _ event: String) -> String {
    "events/\(subsystem)/\(event)/format"
  }

  private init(_ name: String, _ file: Tracefs.File) throws(Unavailable) {
    switch file {
    case .content(let text):
      guard let format = EventFormat(text) else {
        throw Unavailable("tracefs describes \(name) in a way that nobody knows")
      }
      self.init(name: name, format: format)
    case .unreadable(ENOENT): throw Unavailable("this kernel has no tracepoint \(name)")
    case .unreadable(let errno): throw Unavailable(errno, readingOf: name)
    }
  }

  /// All that this kernel has, by full name.
  ///
  /// - Throws: ``Unavailable`` where tracefs is not to be read.
  public static func names() throws(Unavailable) -> Set<String> {
    switch Tracefs.read(["available_events"])[0] {
    case .content(let text): return Set(text.split(separator: "\n").map(String.init))
    case .unreadable(let errno): throw Unavailable(errno, readingOf: "available_events")
    }
  }

  /// One as a test wants it.
  init(name: String, format: EventFormat) {
    self.name = name
    self.format = format
  }
}

extension Unavailable {
  fileprivate init(_ errno: Int32, readingOf name: String) {
    switch errno {
    case EACCES, EPERM: self.init("tracefs may be read and mounted by root only")
    default: self.init("tracefs: " + KVMError(name, errno: errno).description)
    }
  }
}

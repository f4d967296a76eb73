import CLinux
import CTestLinux
import Foundation
import Testing

extension Trait where Self == ConditionTrait {
  /// Runs where TAPs and network namespaces can be made, and says why where it is skipped.
  public static var requiresTAP: Self {
    .enabled(if: tapProblem == nil, "\(tapProblem ?? "")")
  }

  /// Runs where a program is installed, and names it where it is skipped. With SWIFTVMM_REQUIRE_KVM set, as for
  /// ``requiresKVM``, a host without it fails the test instead: the project's own test command installs it, and the
  /// lab has the programs of its host.
  public static func requires(program: String) -> Self {
    let path = (ProcessInfo.processInfo.environment["PATH"] ?? "") + ":/usr/sbin"
    let isThere = path.split(separator: ":").contains {
      FileManager.default.isExecutableFile(atPath: "\($0)/\(program)")
    }
    return .enabled(
      if: isThere || isKVMExpected,
      "\(program) is not installed; 'Scripts/setup test' installs it")
  }
}

private let tapProblem: String? = {
  guard linux_open_tun() >= 0 else { return "/dev/net/tun cannot be opened" }
  var problem: String?
  inNetworkNamespace { error in problem = error.map { "no network namespace: errno \($0)" } }
  return problem
}()

/// Runs `body` on a thread in a network namespace of its own, which ends with the last descriptor and process in it, and
/// waits for it. IPv6 is off, for nobody but the test is to send frames. `body` is given an errno where there is none.
public func inNetworkNamespace(_ body: @escaping (_ error: Int32?) -> Void) {
  nonisolated(unsafe) let body = body
  let done = DispatchSemaphore(value: 0)
  Thread.detachNewThread {
    let result = linux_unshare_network()
    if result == 0 {
      for name in ["all", "default"] {
        try? "1".write(
          toFile: "/proc/sys/net/ipv6/conf/\(name)/disable_ipv6", atomically: false, encoding: .utf8)
      }
    }
    unsafe body(result == 0 ? nil : Int32(-result))
    done.signal()
  }
  done.wait()
}

/// A socket that sees and sends whole frames of one interface (packet(7)).
public final class PacketSocket: Sendable {
  private let number: Int32

  /// - Parameter interface: in the namespace of the calling thread.
  public init?(_ interface: String) {
    number = unsafe Int32(linux_open_packets(interface))
    if number < 0 { return nil }
  }

  deinit {
    close(number)
  }

  public func send(_ frame: [UInt8]) -> Bool {
    unsafe frame.withUnsafeBytes { unsafe write(number, $0.baseAddress, $0.count) } == frame.count
  }

  /// The next frame, waited for at most so long; nil for none.
  public func receive(milliseconds: Int32 = 5000) -> [UInt8]? {
    var item = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&item, 1, milliseconds) > 0 else { return nil }
    var frame = [UInt8](repeating: 0, count: 1 << 17)
    let count = unsafe frame.withUnsafeMutableBytes { unsafe read(number, $0.baseAddress, $0.count) }
    return count >= 0 ? Array(frame.prefix(count)) : nil
  }
}

/// Sets an interface of the calling thread's namespace up or down; false where it cannot.
public func setInterface(_ name: String, up: Bool) -> Bool {
  unsafe linux_set_interface_up(name, up ? 1 : 0) == 0
}

/// Makes a TAP in the calling thread's namespace, which stays as long as that, and is down; false where it cannot.
public func makeTAP(_ name: String) -> Bool {
  let tun = Int32(linux_open_tun())
  guard tun >= 0 else { return false }
  defer { close(tun) }
  return unsafe linux_attach_tap(tun, name, 12) == 0 && linux_keep_tap(tun) == 0
}

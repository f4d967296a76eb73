import Foundation
import Testing

@testable import HostFacts

struct HostFactsTests {
  @Test func `a file of the kernel's is read whole`() throws {
    let path = "/proc/cpuinfo"
    let expected = try String(contentsOfFile: path, encoding: .utf8)
    func names(_ text: String) -> [Substring] { text.split(separator: "\n").map { $0.prefix { $0 != ":" } } }
    #expect(try names(#require(KernelFile.contents(of: path))) == names(String(expected.prefix(1 << 16))))
  }

  @Test func `a file that is not there is no file`() {
    #expect(KernelFile.contents(of: "/proc/no-such-file") == nil)
    #expect(KernelFile.firstLine(of: "/proc/no-such-file") == nil)
  }

  @Test func `a folder's names are all its names, in order`() throws {
    let names = try #require(KernelFile.names(in: "/proc/self"))
    #expect(names == names.sorted())
    #expect(Set(names).isSuperset(of: ["status", "exe", "mounts", "fd"]))
    #expect(!names.contains(".") && !names.contains(".."))
    #expect(KernelFile.names(in: "/proc/self/status") == nil)
  }

  @Test func `the facts of another root are read there alone`() {
    let facts = HostFacts(root: "/proc/self/fd")
    #expect((facts.kvm, facts.kernel, facts.cpu) == (.unknown, "unknown", "unknown"))
  }

  @Test func `the facts of this host have no empty field`() {
    let facts = HostFacts.current
    #expect(!facts.kernel.isEmpty && facts.kernel != "unknown")
    #expect(!facts.cpu.isEmpty)
  }
}

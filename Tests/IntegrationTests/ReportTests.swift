import Foundation
import Report
import TestSupport
import Testing

@Suite("The JSON report", .requiresKVM)
struct ReportTests {
  @Test(
    "Every key is there, of its type, and no other key",
    arguments: [
      ["builtin:hello"], ["builtin:exits", "--cpus", "2"], ["builtin:triple-fault"], ["builtin:hostile-nic"],
      ["builtin:e1000-tx"], ["builtin:virtio-net-echo", "irq=1"],
      ["builtin:exits", "hlt=3", "--irqchip", "none"],
      ["builtin:spin", "--time-limit", "0.2"], ["builtin:hello", "--no-kernel-counts"],
    ].filter { Lab.bearable([$0[0]]) != [] })
  func form(arguments: [String]) throws {
    let run = try Swiftvmm.boot(arguments)
    let json = try JSONSerialization.jsonObject(with: #require(run.json))
    #expect(Form.report.problems(of: json) == [])
    #expect(try run.report.schema == "swiftvmm.report/1")
    #expect(try run.report.outcome.status == run.status)
  }

  @Test("It says what was run")
  func guest() throws {
    let report = try Swiftvmm.boot(
      "builtin:exits", "io=1", "--cmdline", "mmio=2", "--memory", "32M", "--cpus", "2", "--nic", "e1000",
      "--nic",
      "virtio-net,backend=reflector"
    ).report
    let guest = report.guest
    #expect((guest.image, guest.format, guest.commandLine) == ("builtin:exits", "elf64", "mmio=2 io=1"))
    #expect((guest.memoryBytes, guest.cpus, guest.irqchip) == (32 << 20, 2, "kernel"))
    #expect(guest.nics == ["e1000,backend=sink", "virtio-net-mmio,backend=reflector"])
    #expect(report.vcpus.map(\.index) == [0, 1])
    #expect(report.devices.map(\.name).suffix(4) == ["pci", "e1000", "virtio-net", "unclaimed"])
  }

  @Test("A register that nobody claims is a line of its own")
  func unclaimed() throws {
    // mov dx, 0x1234; in al, dx; out dx, al; out dx, al
    let report = try FlatImage([0xba, 0x34, 0x12, 0xec, 0xee, 0xee] + Code.end).boot().report
    let unclaimed = try report.device("unclaimed")
    #expect(unclaimed.counts == ["0x1234": Counts(reads: 1, writes: 2)])
    #expect((unclaimed.registers[0].space, unclaimed.registers[0].offset) == ("port", 0x1234))
  }

  @Test("Two reports of the same run of exits differ in nothing but times")
  func stableOrder() throws {
    func lines() throws -> [String] {
      let run = try Swiftvmm.boot("builtin:e1000-tx", "packets=3", "driver=tuned")
      return String(decoding: try #require(run.json), as: UTF8.self).split(separator: "\n").map(String.init)
        .filter { line in
          ["writes", "reads", "name", "offset", "kicks"].contains { line.contains("\"\($0)\"") }
        }
    }
    #expect(try lines() == lines())
  }
}

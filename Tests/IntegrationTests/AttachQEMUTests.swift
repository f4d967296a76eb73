import Attach
import Foundation
import TestSupport
import Testing

/// One of our images on QEMU: each access that a device of QEMU sees is in attach's counts, and no other.
@Suite(.requiresKVM, .requiresRoot, .requiresQEMU) struct AttachQEMUTests {
  /// QEMU with the E1000, standing still until ``go()``, and each access to its devices in a file.
  private final class QEMU {
    let child: Child
    private let monitor: FileHandle
    private let folder = try! Scratch()

    init(_ words: String) throws {
      let image = URL(filePath: try Swiftvmm.path()).deletingLastPathComponent()
        .appending(path: "images/e1000-tx.elf")
      let (stdin, monitor) = makePipe()
      self.monitor = monitor
      child = try Child(
        [
          "qemu-system-x86_64", "-accel", "kvm", "-M", "pc", "-nodefaults", "-no-reboot", "-display", "none",
          "-bios", "qboot.rom", "-kernel", image.path, "-append", words, "-device", "e1000,romfile=",
          "-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-serial", "file:" + folder.path("serial"),
          "-trace", "memory_region_ops_read", "-trace", "memory_region_ops_write", "-D", folder.path("trace"),
          "-S", "-monitor", "stdio",
        ], [.descriptor(stdin.fileDescriptor), .path("/dev/null"), .path("/dev/null")])
      // Its machine and its vCPU's thread are there when the monitor answers; the trace's file is made before.
      try wait(for: "QEMU makes no vCPU") {
        let folder = "/proc/\(child.id)/fd"
        return try FileManager.default.contentsOfDirectory(atPath: folder).contains {
          (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)"))
            == "anon_inode:kvm-vcpu:0"
        }
      }
    }

    deinit {
      child.send(SIGKILL)
    }

    /// Lets the guest run.
    func go() throws {
      try monitor.write(contentsOf: Data("cont\n".utf8))
    }

    var serial: String { get throws { String(decoding: try folder.bytes("serial"), as: UTF8.self) } }

    /// What QEMU's devices saw, by port or address.
    func accesses() throws -> [UInt64: Counts] {
      var accesses: [UInt64: Counts] = [:]
      let text = String(decoding: try folder.bytes("trace"), as: UTF8.self)
      for line in text.split(separator: "\n") {
        let words = line.split(separator: " ")
        let place = try #require(words.firstIndex(of: "addr"), "\(line)")
        let address = try #require(UInt64(words[place + 1].dropFirst(2), radix: 16), "\(line)")
        let isWrite = line.contains("memory_region_ops_write")
        accesses[address, default: Counts()] += Counts(reads: isWrite ? 0 : 1, writes: isWrite ? 1 : 0)
      }
      return accesses
    }
  }

  @Test(arguments: ["packets=200 driver=naive", "packets=2000 driver=tuned batch=10"])
  func `its counts by port and address are those of QEMU's own devices`(words: String) throws {
    let qemu = try QEMU(words)
    let attaching = try Attaching(to: qemu.child.id, "--map", "0xfebc0000-0xfebdffff=e1000")
    try qemu.go()
    // isa-debug-exit makes 2 n + 1 of the guest's n.
    #expect(qemu.child.wait() == 1)
    let packets = words.dropFirst(8).prefix(while: \.isNumber)
    #expect(try qemu.serial == "e1000-tx: \(packets) packets sent\n")
    let report = try attaching.report()
    #expect(report.end == .targetEnded)
    #expect((report.records.lost, report.records.unplaced) == (0, 0))

    // No device of QEMU sees what the kernel answers, nor the firmware's writes to its own ROM.
    let rom: ClosedRange<UInt64> = 0xc0000...0xfffff
    let lines = report.addresses.filter { ["port", "memory"].contains($0.space) && $0.address != nil }
    let seen = try qemu.accesses()
    let counted = lines.filter { seen[$0.address!] != nil }
      .map { ($0.address!, Counts(reads: $0.reads, writes: $0.writes)) }
    #expect(Dictionary(uniqueKeysWithValues: counted) == seen)
    for line in lines where seen[line.address!] == nil && !rom.contains(line.address!) {
      #expect(line.userSpace == 0, "\(line)")
    }
    #expect(seen.count > 20)
    let e1000 = try #require(report.ranges.first)
    let nic = seen.filter { 0xfebc_0000...0xfebd_ffff ~= $0.key }.map { $0.value.reads + $0.value.writes }
    #expect(e1000.exits == nic.reduce(0, +))
    // QEMU lets KVM keep some writes to the E1000 and asks for them later: exits that user space never sees as such.
    #expect(e1000.userSpace! < e1000.exits)
  }
}

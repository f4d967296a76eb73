import Report
import TestSupport
import Testing

@Suite("A driver that means ill", .requiresKVM, .stopsTheLab)
struct HostileTests {
  @Test("Every NIC stays usable through every attack, and the report says what the driver did")
  func hostileNIC() throws {
    let run = try Swiftvmm.boot("builtin:hostile-nic")
    #expect(run.status == 0, "\(run.text)")
    #expect(run.text.contains("attacks, device usable after each\n"))
    let report = try run.report
    for name in ["e1000", "virtio-net", "virtio-net-pci"] {
      let nic = try report.device(name)
      #expect(run.text.contains("\n\(name): ") || run.text.hasPrefix("\(name): "), "\(name) was attacked")
      #expect(nic.faults.count == 16)
      #expect(nic.moreFaults > 0)
      #expect(nic.packets?.tx ?? 0 > 0)
      for fault in nic.faults { #expect(run.errors.contains("\(name): \(fault)\n")) }
    }
    #expect(try report.device("e1000").faults.contains("TDT = 8 lies beyond the ring of 8 descriptors"))
    for name in ["virtio-net", "virtio-net-pci"] {
      #expect(
        try report.device(name).faults.contains("queue 1: chain at descriptor 0 has more than 8 descriptors"))
    }
    for attack in ["e1000: a million segments of a byte", "e1000: BARs moved around"] {
      #expect(run.text.contains("\(attack): survived; usable\n"))
    }
  }

  @Test(
    "With one NIC it attacks that one, whoever serves its queues",
    arguments: [
      "e1000,backend=reflector", "e1000,backend=reflector,coalesced=quiet",
      "e1000,backend=reflector,coalesced=doorbell",
      "virtio-net-mmio,backend=reflector", "virtio-net-mmio,backend=reflector,queue=thread",
      "virtio-net-mmio,backend=reflector,queue=poll", "virtio-net-pci,backend=reflector",
      "virtio-net-pci,backend=reflector,queue=thread", "virtio-net-pci,backend=reflector,queue=poll",
      "virtio-net-pci,backend=reflector,queue=adaptive",
      "virtio-net-pci,backend=reflector,queue=thread,ioeventfd=off",
    ])
  func oneNIC(nic: String) throws {
    let run = try Swiftvmm.boot("builtin:hostile-nic", "--nic", nic)
    #expect(run.status == 0, "\(run.text)")
    #expect(run.text.contains("attacks, device usable after each\n"))
    let report = try run.report
    #expect(report.guest.nics == [nic])
    #expect(report.devices.first { $0.packets != nil }?.faults.count == 16)
  }

  @Test("Without any it says that there is none")
  func noNIC() throws {
    let without = try Swiftvmm.boot("builtin:e1000-tx", "--nic", "virtio-net")
    #expect(without.status > 0 && without.status < 32)
    #expect(without.text == "e1000-tx: there is no E1000\n")
  }
}

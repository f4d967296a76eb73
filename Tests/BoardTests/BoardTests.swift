import CLinux
import Console
import KVM
import Platform
import TestSupport
import Testing
import VMM

@testable import Board

struct BoardTests {
  @Test(.requiresKVM) func `after a run nothing keeps the machine`() throws {
    weak var machine: Machine?
    weak var device: Device?
    do {
      let board = try Board(
        MachineConfiguration(), nics: [NICSpecification("e1000"), NICSpecification("virtio-net")],
        output: GuestOutput(descriptor: -1), on: try System())
      machine = board.machine
      device = board.devices.last
      // mov al, 1; mov dx, 0x5f8; out dx, al; mov al, 7; out 0xf4, al
      let code: [UInt8] = [0xb0, 0x01, 0xba, 0xf8, 0x05, 0xee, 0xb0, 0x07, 0xe6, 0xf4]
      board.machine.memory.view(at: 0x1000, count: code.count)!.copy(from: code)
      Signals.prepare()
      let (outcome, _) = try board.run(EntryState(.real, at: 0x1000), Board.RunOptions())
      #expect(outcome == .exited(status: 7))
    }
    #expect(machine == nil)
    #expect(device == nil)
  }

  @Test(.requiresKVM) func `the MP table tells of what is there`() throws {
    func table(_ configuration: MachineConfiguration, _ nics: [String]) throws -> [UInt8]? {
      try Board(
        configuration, nics: nics.map { try NICSpecification($0) }, output: GuestOutput(descriptor: -1),
        on: try System()
      ).multiprocessorTable?.bytes
    }
    var configuration = MachineConfiguration()
    configuration.cpus = 2
    #expect(
      try table(configuration, ["virtio-net-pci", "virtio-net-mmio", "e1000"])
        == MPTable(processorCount: 2, pciInterrupts: [(3, 11), (4, 10)]).bytes)
    #expect(try table(configuration, []) == MPTable(processorCount: 2, pciInterrupts: []).bytes)
    configuration = MachineConfiguration()
    configuration.interruptControllers = .none
    #expect(try table(configuration, ["e1000"]) == nil, "no IOAPIC, no table")
  }
}

import Platform
import Testing
import VMM

@Suite("Debug console, debug exit, marker and probe")
struct ConsoleTests {
  @Test("a write of 1, 2 or 4 bytes prints each, the lowest first", arguments: [1, 2, 4])
  func prints(size: Int) {
    let record = Record<UInt8>()
    let console = DebugConsole { record.add($0) }
    console.write(Access(offset: 0, size: size), 0x4443_4241 & Access(offset: 0, size: size).ones)
    #expect(record.items == [UInt8](0x41..<(0x41 + UInt8(size))))
  }

  @Test("port 0xe9 reads 0xe9")
  func detects() {
    let console = DebugConsole { _ in }
    #expect(console.readPort() == 0xe9)
    #expect(console.read(Access(offset: 0, size: 2)) == 0xffe9)
  }

  @Test("statuses 0 to 31 end the run as they are", arguments: 0...31 as ClosedRange<UInt64>)
  func exits(status: UInt64) {
    for size in [1, 2, 4] {
      let control = MachineControl()
      let exit = DebugExit(control: control)
      exit.write(Access(offset: 0, size: size), status)
      #expect(control.outcome == .exited(status: UInt8(status)))
      #expect(exit.faults.lines.isEmpty)
    }
  }

  @Test("larger statuses end it with 31 and a fault that names the value", arguments: [32, 256, 0xffff_ffff])
  func exitsBeyond(status: UInt64) {
    let control = MachineControl()
    let exit = DebugExit(control: control)
    exit.write(Access(offset: 0, size: 4), status)
    #expect(control.outcome == .exited(status: 31))
    #expect(exit.faults.lines.count == 1)
    #expect(exit.faults.lines.first?.contains("\(status)") == true)
  }

  @Test("reading the exit port ends nothing")
  func exitRead() {
    let control = MachineControl()
    #expect(DebugExit(control: control).readPort() == 0xff)
    #expect(control.outcome == nil)
  }

  @Test("1 begins the measured window and 0 ends it; anything else is a fault and no mark")
  func marks() {
    let record = Record<Bool>()
    let marker = Marker { record.add($0) }
    for value in [1, 0, 2, 1, 255] as [UInt8] { marker.writePort(0, value) }
    #expect(record.items == [true, false, true])
    #expect(marker.faults.lines.count == 2)
  }

  @Test("the probe has a name for each of its registers, and all read 0")
  func probe() {
    let probe = Probe()
    func name(_ window: Int, _ offset: UInt64) -> String {
      let map = probe.windows[window].registers
      return map.registers[map.number(at: offset)].name
    }
    #expect((0..<8).map { name(0, $0) } == (0..<8).map { "P\($0)" })
    #expect((0..<16).map { name(1, 4 * $0) } == (0..<16).map { "M\($0)" })
    #expect(name(1, 0x43) == name(1, 0xffc))
    #expect(name(1, 0x3f) == "M15")
    #expect(name(2, 0) == "PROBE_MSR")
    #expect(probe.windows.map(\.base) == [0x5f0, 0xd000_f000, 0x5356_4d00])
    #expect(probe.windows.map(\.count) == [8, 0x1000, 1])
    for window in probe.windows.indices {
      probe.write(Access(window: window, offset: 0, size: 4), 0xffff_ffff)
      #expect(probe.read(Access(window: window, offset: 0, size: 4)) == 0)
    }
  }
}

import Platform
import TestSupport
import Testing
import VMM

@Suite("Platform devices under hostile accesses")
struct HostileTests {
  private static func devices() -> [Device] {
    let control = MachineControl()
    return [
      DebugConsole { _ in }, DebugExit(control: control), Marker { _ in }, Probe(),
      KeyboardController(control: control), SystemControlPort(control: control),
      CMOSClock(memorySize: 1 << 30) { .max }, CMOSClock(memorySize: 1 << 30) { .min },
      FirmwareConfig(memorySize: .max, processorCount: .max),
    ]
  }

  @Test(
    "whatever is read and written at any offset and width, nothing traps and reads stay within their width",
    arguments: 0..<4 as Range<UInt64>)
  func anything(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    for device in Self.devices() {
      for _ in 0..<4_000 {
        let window = Int.random(in: 0..<device.windows.count, using: &random)
        let end = Int(device.windows[window].count)
        let offset = [Int.random(in: 0..<end + 8, using: &random), 0, 0xffff_ffff].randomElement(
          using: &random)!
        let access = Access(window: window, offset: offset, size: 1 << Int.random(in: 0..<4, using: &random))
        device.write(access, UInt64.random(in: 0...access.ones, using: &random))
        #expect(device.read(access) <= access.ones)
      }
      #expect(device.faults.lines.count <= FaultLog.capacity)
    }
  }

  @Test("every register of every window but one without names has a name")
  func names() {
    for device in Self.devices() {
      for window in device.windows where window.space == .port {
        for offset in 0..<window.count { #expect(window.registers.number(at: offset) != 0, "\(device.name)") }
      }
    }
  }
}

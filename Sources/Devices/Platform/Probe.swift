import VMM

/// A device that does nothing, in every address space there is: what an exit costs without a device's work,
/// and whether the ledger gives each exit to the register that the guest meant.
public final class Probe: Device, @unchecked Sendable {
  public init() {
    let ports = (0..<8).map { Register("P\($0)", at: $0) }
    let words = (0..<16).map { Register("M\($0)", at: 4 * $0, count: 4) }
    super.init(
      name: "probe",
      windows: [
        Window(.port, base: 0x5f0, count: 8, registers: RegisterMap(ports)),
        Window(.memory, base: 0xd000_f000, count: 0x1000, registers: RegisterMap(granule: 4, words)),
        Window(.msr, base: 0x5356_4d00, count: 1, registers: RegisterMap([Register("PROBE_MSR", at: 0)])),
      ])
  }

  public override func read(_ access: Access) -> UInt64 { 0 }
}

extension BenchRow {
  /// Devices of docs/guest-abi.md.
  private enum Place {
    static let probePort: UInt64 = 0x5f0
    static let probeMemory: UInt64 = 0xd000_f000
    static let probeMSR: UInt64 = 0x5356_4d00
    static let scratch: UInt64 = 0x3ff
    static let e1000: UInt64 = 0xfebc_0000
    static let status = e1000 + 0x08
    static let vlanEtherType = e1000 + 0x38
  }

  private static func probe(
    _ name: String, at place: UInt64, register: String, group: Int = 1, samples: Int = 2000
  ) -> GuestOperation {
    GuestOperation(
      name: name, at: place, group: group, samples: samples,
      witness: BenchWitness(.ledger(device: "probe", register: register)))
  }

  private static func e1000(_ name: String, at place: UInt64, register: String) -> GuestOperation {
    GuestOperation(
      name: name, at: place, value: 0x8100, nic: "e1000,backend=sink",
      witness: BenchWitness(.ledger(device: "e1000", register: register)))
  }

  private static func uart(_ name: String) -> GuestOperation {
    GuestOperation(
      name: name, at: Place.scratch, witness: BenchWitness(.ledger(device: "uart", register: "SCR")))
  }

  static let user: [BenchRow] = [
    BenchRow(
      "pio-out", .user, "OUT to a device that does nothing",
      probe("out", at: Place.probePort, register: "P0")),
    BenchRow(
      "pio-in", .user, "IN from a device that does nothing",
      probe("in", at: Place.probePort, register: "P0")),
    BenchRow(
      "mmio-write", .user, "a 32-bit store to a device that does nothing",
      probe("write", at: Place.probeMemory, register: "M0")),
    BenchRow(
      "mmio-read", .user, "a 32-bit load from a device that does nothing",
      probe("read", at: Place.probeMemory, register: "M0")),
    BenchRow("uart-out", .user, "OUT to the UART's scratch register", uart("out")),
    BenchRow("uart-in", .user, "IN from the UART's scratch register", uart("in")),
    BenchRow(
      "e1000-write", .user, "a store to the E1000's VET register",
      e1000("write", at: Place.vlanEtherType, register: "VET")),
    BenchRow(
      "e1000-read", .user, "a load from the E1000's STATUS register",
      e1000("read", at: Place.status, register: "STATUS")),
    BenchRow(
      "rep-outs", .user, "a byte of REP OUTSB of 64 bytes",
      probe("outs", at: Place.probePort, register: "P0", group: 64, samples: 100)),
    BenchRow(
      "rep-ins", .user, "a byte of REP INSB of 64 bytes",
      probe("ins", at: Place.probePort, register: "P0", group: 64, samples: 1000)),
    BenchRow(
      "rdmsr-user", .user, "RDMSR of an MSR that a device in user space answers", levels: [0],
      msr("rdmsr")),
    BenchRow(
      "wrmsr-user", .user, "WRMSR of an MSR that a device in user space answers", levels: [0],
      msr("wrmsr")),
  ]

  private static func msr(_ name: String) -> GuestOperation {
    var operation = probe(name, at: Place.probeMSR, register: "PROBE_MSR")
    operation.needs = [.userSpaceMSR]
    return operation
  }
}

extension RegisterDefinition {
  /// Control, EEPROM, PHY and flow control (sections 13.4.1–13.4.16).
  static let general: [RegisterDefinition] = [
    // Full duplex at 1000 Mb/s, link set up.
    .init(
      "CTRL", Offset.ctrl, .readWrite, reset: 0x0000_0241, writable: 0x58fc_1be9, section: "13.4.1",
      effect: .ctrl),
    // Full duplex, link up, 1000 Mb/s: LU follows CTRL.SLU, for the PHY's link never goes down.
    .init("STATUS", Offset.status, .readOnly, reset: 0x0000_0083, section: "13.4.2"),
    // A 64-word EEPROM is present; writes to flash are disabled.
    .init(
      "EECD", Offset.eecd, .readWrite, reset: 0x0000_0110, writable: 0x77, section: "13.4.3",
      effect: .eecd),
    .init("EERD", Offset.eerd, .readWrite, writable: 0xff01, section: "13.4.4", effect: .eerd),
    .init("CTRL_EXT", 0x0018, .readWrite, writable: 0x00c2_8ccf, section: "13.4.6"),
    .init("FLA", 0x001c, .readOnly, section: "13.4.5"),
    .init("MDIC", Offset.mdic, .readWrite, writable: 0x2fff_ffff, section: "13.4.7", effect: .mdic),
    .init("FCAL", 0x0028, .readWrite, section: "13.4.8"),
    .init("FCAH", 0x002c, .readWrite, writable: 0xffff, section: "13.4.9"),
    .init("FCT", 0x0030, .readWrite, writable: 0xffff, section: "13.4.10"),
    .init("VET", Offset.vet, .readWrite, reset: 0x8100, writable: 0xffff, section: "13.4.11"),
    .init("FCTTV", 0x0170, .readWrite, writable: 0xffff, section: "13.4.12"),
    .init("TXCW", 0x0178, .readWrite, section: "13.4.13"),
    .init("RXCW", 0x0180, .readOnly, section: "13.4.14"),
    .init("LEDCTL", 0x0e00, .readWrite, reset: 0x0706_8302, section: "13.4.15"),
    // 48 KiB of packet buffer for reception, 16 KiB for transmission.
    .init("PBA", 0x1000, .readWrite, reset: 0x0010_0030, writable: 0xffff, section: "13.4.16"),
  ]

  /// Sections 13.4.17–13.4.21.
  static let interrupts: [RegisterDefinition] = [
    .init("ICR", Offset.icr, .readWrite, writable: Cause.all, section: "13.4.17", effect: .icr),
    .init("ITR", Offset.itr, .readWrite, writable: 0xffff, section: "13.4.18", effect: .itr),
    .init("ICS", 0x00c8, .writeOnly, writable: Cause.all, section: "13.4.19", effect: .ics),
    .init("IMS", Offset.ims, .readWrite, writable: Cause.all, section: "13.4.20", effect: .ims),
    .init("IMC", 0x00d8, .writeOnly, writable: Cause.all, section: "13.4.21", effect: .imc),
  ]

  /// Nothing wakes a machine that never sleeps; the registers hold what is written (section 13.6).
  static let wakeUp: [RegisterDefinition] = [
    .init("WUC", 0x5800, .readWrite, writable: 0xf, section: "13.6.1"),
    .init("WUFC", 0x5808, .readWrite, writable: 0xf_80ff, section: "13.6.2", unmodelled: "nothing wakes"),
    .init("WUS", 0x5810, .readOnly, section: "13.6.3"),
    .init("MANC", 0x5820, .readWrite, section: "82540EM data sheet, manageability"),
    .init("IPAV", 0x5838, .readWrite, writable: 0x1_000f, section: "13.6.4"),
    .init("IP4AT", 0x5840, .readWrite, count: 4, stride: 8, section: "13.6.5"),
    .init("IP6AT", 0x5880, .readWrite, count: 4, section: "13.6.6"),
    .init("WUPL", 0x5900, .readOnly, section: "13.6.7"),
    .init("WUPM", 0x5a00, .readOnly, count: 32, section: "13.6.8"),
    .init("FFLT", 0x5f00, .readWrite, writable: 0x7ff, count: 4, stride: 8, section: "13.6.9"),
    .init("FFMT", 0x9000, .readWrite, writable: 0xf, count: 128, stride: 8, section: "13.6.10"),
    .init("FFVT", 0x9800, .readWrite, count: 128, stride: 8, section: "13.6.11"),
  ]

  /// There is no FIFO to look into; the registers hold what is written (section 13.8).
  static let diagnostics: [RegisterDefinition] = [
    "RDFH", "RDFT", "RDFHS", "RDFTS", "RDFPC", "TDFH", "TDFT", "TDFHS", "TDFTS", "TDFPC",
  ].enumerated().map { index, name in
    let block = index < 5 ? 0x2410 : 0x3410
    return .init(
      name, block + index % 5 * 8, .readWrite, writable: 0x1fff, section: "13.8.\(index + 1)")
  }
}

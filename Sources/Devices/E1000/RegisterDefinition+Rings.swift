extension RegisterDefinition {
  /// Sections 13.4.22–13.4.32, 13.4.46 and 13.4.47.
  static let receive: [RegisterDefinition] = [
    .init(
      "RCTL", Offset.rctl, .readWrite, writable: 0x06df_b3fe, section: "13.4.22", effect: .rctl),
    .init("FCRTL", 0x2160, .readWrite, writable: 0x8000_fff8, section: "13.4.23"),
    .init("FCRTH", 0x2168, .readWrite, writable: 0xfff8, section: "13.4.24"),
    .init("RDBAL", 0x2800, .readWrite, writable: 0xffff_fff0, section: "13.4.25"),
    .init("RDBAH", 0x2804, .readWrite, section: "13.4.26"),
    .init(
      "RDLEN", 0x2808, .readWrite, writable: 0x000f_ff80, section: "13.4.27", effect: .ringLength),
    .init("RDH", 0x2810, .readWrite, writable: 0xffff, section: "13.4.28"),
    .init("RDT", 0x2818, .readWrite, writable: 0xffff, section: "13.4.29", effect: .rdt),
    .init("RDTR", Offset.rdtr, .readWrite, writable: 0xffff, section: "13.4.30", effect: .rdtr),
    .init("RXDCTL", 0x2828, .readWrite, reset: 0x0101_0000, writable: 0x013f_3f3f, section: "13.4.46"),
    .init("RADV", Offset.radv, .readWrite, writable: 0xffff, section: "13.4.31"),
    .init("RSRPD", Offset.rsrpd, .readWrite, writable: 0xfff, section: "13.4.32"),
    .init("RXCSUM", Offset.rxcsum, .readWrite, writable: 0x7ff, section: "13.4.47"),
  ]

  /// Sections 13.4.33–13.4.45.
  static let transmit: [RegisterDefinition] = [
    .init(
      "TCTL", Offset.tctl, .readWrite, writable: 0x033f_fffa, section: "13.4.33", effect: .tctl),
    .init("TIPG", 0x0410, .readWrite, writable: 0x3fff_ffff, section: "13.4.34"),
    .init("AIT", 0x0458, .readWrite, writable: 0xffff, section: "13.4.35"),
    .init("TXDMAC", 0x3000, .readWrite, writable: 1, section: "13.4.42"),
    .init("TDBAL", 0x3800, .readWrite, writable: 0xffff_fff0, section: "13.4.36"),
    .init("TDBAH", 0x3804, .readWrite, section: "13.4.37"),
    .init(
      "TDLEN", 0x3808, .readWrite, writable: 0x000f_ff80, section: "13.4.38", effect: .ringLength),
    .init("TDH", 0x3810, .readWrite, writable: 0xffff, section: "13.4.39"),
    .init("TDT", 0x3818, .readWrite, writable: 0xffff, section: "13.4.40", effect: .tdt),
    .init("TIDV", Offset.tidv, .readWrite, writable: 0xffff, section: "13.4.41"),
    .init("TXDCTL", Offset.txdctl, .readWrite, writable: 0xff3f_3f3f, section: "13.4.43"),
    .init("TADV", Offset.tadv, .readWrite, writable: 0xffff, section: "13.4.44"),
    .init("TSPMT", 0x3830, .readWrite, section: "13.4.45"),
  ]

  /// Section 13.5.
  static let filters: [RegisterDefinition] = [
    .init("MTA", Offset.mta, .readWrite, count: 128, section: "13.5.1"),
    // The first pair is loaded from the EEPROM.
    .init("RAL", Offset.ral0, .readWrite, count: 16, stride: 8, section: "13.5.2"),
    .init("RAH", Offset.rah0, .readWrite, writable: 0x8003_ffff, count: 16, stride: 8, section: "13.5.3"),
    .init("VFTA", Offset.vfta, .readWrite, count: 128, section: "13.5.4"),
  ]
}

extension RegisterDefinition {
  /// Section 13.7, in its order: each counter has a subsection, and the two halves of a 64-bit one share it.
  /// Counters of what cannot happen between a guest and a back end (collisions, bad symbols) stay zero.
  static let statistics: [RegisterDefinition] =
    names.enumerated().flatMap { index, counter -> [RegisterDefinition] in
      let section = "13.7.\(index + 1)"
      guard counter.isWide else {
        return [.init(counter.name, counter.offset, .clearOnRead, section: section)]
      }
      return [
        .init(counter.name + "L", counter.offset, .readOnly, section: section),
        .init(counter.name + "H", counter.offset + 4, .clearOnReadWithLowerHalf, section: section),
      ]
    }

  private static let names: [(name: String, offset: Int, isWide: Bool)] = [
    ("CRCERRS", 0x4000, false), ("ALGNERRC", 0x4004, false), ("SYMERRS", 0x4008, false),
    ("RXERRC", 0x400c, false), ("MPC", Offset.mpc, false), ("SCC", 0x4014, false),
    ("ECOL", 0x4018, false), ("MCC", 0x401c, false), ("LATECOL", 0x4020, false),
    ("COLC", 0x4028, false), ("DC", 0x4030, false), ("TNCRS", 0x4034, false),
    ("SEC", 0x4038, false), ("CEXTERR", 0x403c, false), ("RLEC", Offset.rlec, false),
    ("XONRXC", 0x4048, false), ("XONTXC", 0x404c, false), ("XOFFRXC", 0x4050, false),
    ("XOFFTXC", 0x4054, false), ("FCRUC", 0x4058, false), ("PRC64", Offset.prc64, false),
    ("PRC127", 0x4060, false), ("PRC255", 0x4064, false), ("PRC511", 0x4068, false),
    ("PRC1023", 0x406c, false), ("PRC1522", 0x4070, false), ("GPRC", Offset.gprc, false),
    ("BPRC", Offset.bprc, false), ("MPRC", Offset.mprc, false), ("GPTC", Offset.gptc, false),
    ("GORC", Offset.gorcl, true), ("GOTC", Offset.gotcl, true), ("RNBC", Offset.rnbc, false),
    ("RUC", 0x40a4, false), ("RFC", 0x40a8, false), ("ROC", Offset.roc, false),
    ("RJC", 0x40b0, false), ("MGTPRC", 0x40b4, false), ("MGTPDC", 0x40b8, false),
    ("MGTPTC", 0x40bc, false), ("TOR", Offset.torl, true), ("TOT", Offset.totl, true),
    ("TPR", Offset.tpr, false), ("TPT", Offset.tpt, false), ("PTC64", Offset.ptc64, false),
    ("PTC127", 0x40dc, false), ("PTC255", 0x40e0, false), ("PTC511", 0x40e4, false),
    ("PTC1023", 0x40e8, false), ("PTC1522", 0x40ec, false), ("MPTC", Offset.mptc, false),
    ("BPTC", Offset.bptc, false), ("TSCTC", 0x40f8, false), ("TSCTFC", 0x40fc, false),
  ]
}

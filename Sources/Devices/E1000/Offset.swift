/// Offsets of the registers that the device itself acts upon, in bytes from BAR0. ``RegisterDefinition/all``
/// is the whole list.
enum Offset {
  static let ctrl = 0x0000
  static let status = 0x0008
  static let eecd = 0x0010
  static let eerd = 0x0014
  static let mdic = 0x0020
  static let vet = 0x0038
  static let icr = 0x00c0
  static let itr = 0x00c4
  static let ims = 0x00d0
  static let rctl = 0x0100
  static let tctl = 0x0400
  static let rdtr = 0x2820
  static let radv = 0x282c
  static let rsrpd = 0x2c00
  static let tidv = 0x3820
  static let txdctl = 0x3828
  static let tadv = 0x382c
  static let rxcsum = 0x5000

  static let mpc = 0x4010
  static let rlec = 0x4040
  static let prc64 = 0x405c
  static let gprc = 0x4074
  static let bprc = 0x4078
  static let mprc = 0x407c
  static let gptc = 0x4080
  static let gorcl = 0x4088
  static let gotcl = 0x4090
  static let rnbc = 0x40a0
  static let roc = 0x40ac
  static let torl = 0x40c0
  static let totl = 0x40c8
  static let tpr = 0x40d0
  static let tpt = 0x40d4
  static let ptc64 = 0x40d8
  static let mptc = 0x40f0
  static let bptc = 0x40f4
  static let tsctc = 0x40f8
  static let tsctfc = 0x40fc

  static let mta = 0x5200
  static let ral0 = 0x5400
  static let rah0 = 0x5404
  static let vfta = 0x5600
}

/// The registers of a descriptor ring. Both rings have them at the same distances from their block.
enum RingBlock {
  static let receive = 0x2800
  static let transmit = 0x3800

  static let baseLow = 0x00
  static let length = 0x08
  static let head = 0x10
  static let tail = 0x18
}

/// A guest that sends one frame through the E1000 for each key, then shows the key; 'q' ends it. Whoever types decides
/// what happens between two frames. A ring of eight: at most seven frames.
enum KeyedE1000 {
  /// Of each frame, all zeros.
  static let frameBytes = 60

  static let image = FlatImage(
    padded(programming + loop + Code.end, to: ring - base) + descriptors
      + [UInt8](repeating: 0, count: frameBytes), entry: "protected@0x100000")

  private static let base: UInt32 = 0x10_0000
  private static let ring = base + 0x200
  private static let descriptorCount: UInt32 = 8
  private static let registers: UInt32 = 0xfebc_0000

  /// The ring, then TCTL.EN: 82540EM manual, section 14.5.
  private static let programming: [UInt8] =
    store(ring, at: 0x3800) + store(16 * descriptorCount, at: 0x3808) + store(2, at: 0x400)

  private static let loop: [UInt8] =
    [
      0x66, 0xba, 0xfd, 0x03,  // 0: mov dx, LSR
      0xec,  // 4: in al, dx
      0xa8, 0x01,  // test al, data ready
      0x74, 0xfb,  // jz 4
      0x66, 0xba, 0xf8, 0x03,  // mov dx, RBR
      0xec,  // in al, dx
      0x3c, 0x71,  // cmp al, 'q'
      0x74, 0x09,  // je 27
      0xff, 0x05,  // inc dword [TDT]
    ] + bytes(registers + 0x3818) + [
      0xee,  // out dx, al
      0xeb, 0xe5,  // jmp 0
    ]

  /// Legacy descriptors of one frame, with EOP and IFCS: section 3.3.3.
  private static let descriptors: [UInt8] = (0..<descriptorCount).flatMap { _ in
    bytes(ring + 16 * descriptorCount) + bytes(0) + bytes(UInt32(frameBytes) | 3 << 24) + bytes(0)
  }

  /// mov dword [register], value
  private static func store(_ value: UInt32, at register: UInt32) -> [UInt8] {
    [0xc7, 0x05] + bytes(registers + register) + bytes(value)
  }

  private static func padded(_ code: [UInt8], to count: UInt32) -> [UInt8] {
    code + [UInt8](repeating: 0, count: Int(count) - code.count)
  }

  private static func bytes(_ word: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * UInt32($0))) }
  }
}

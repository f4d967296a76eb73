import KVM
import VMM

/// The other half of the image `bench`: takes its marks, and has the registers that only `bench` wants; docs/bench.md,
/// section The device.
///
/// A register in KVM's ring makes every exit of the machine look into the ring, and so a little longer: a machine gets
/// only what its row needs.
final class BenchDevice: Device, @unchecked Sendable {
  static let name = "bench"

  /// A register that KVM handles in a way of its own.
  enum Part: Sendable {
    case doorbellPort, doorbellMemory, coalescedPort, coalescedMemory
  }

  // GuestImages/bench/device.h
  private enum Offset {
    static let mark = 0
    static let renew = 1
    static let samples = 4
    static let request = 8
    static let coalesced = 0xc
    static let doorbell = 0xe
  }
  private static let ports: UInt64 = 0x600
  private static let memory: UInt64 = 0xd001_0000
  private static let doorbellOffset = 0x1000
  static let interrupt = 10

  static let coalescedPort = ports + UInt64(Offset.coalesced)
  static let doorbellPort = ports + UInt64(Offset.doorbell)
  static let coalescedAddress = memory
  static let doorbellAddress = memory + UInt64(doorbellOffset)
  static let coalescedName = "COALESCED"
  /// The registers by which the guest tells of its work.
  static let controls: Set<String> = ["MARK", "RENEW", "SAMPLES", "REQUEST"]
  /// After so many writes KVM's ring has been full once: 169 wait, and the next one exits.
  static let ringCapacity = 170

  let doorbell: Doorbell?
  let marks: MarkLog
  /// Where the guest's samples lie, those of the baseline first; nil until it said so.
  private(set) var samples: GuestAddress?
  private let renew: () -> Void
  private let request: (GuestAddress) -> Void

  /// - Parameters:
  ///   - renew: makes the guest's memory as if nobody had touched it.
  ///   - request: told the address of the word by which the guest asks for interrupts.
  init(
    _ part: Part?, marks: MarkLog, renew: @escaping () -> Void, request: @escaping (GuestAddress) -> Void
  ) throws(KVMError) {
    var ports = [
      Register("MARK", at: Offset.mark), Register("RENEW", at: Offset.renew),
      Register("SAMPLES", at: Offset.samples, count: 4), Register("REQUEST", at: Offset.request, count: 4),
    ]
    var bell: Doorbell?
    switch part {
    case .doorbellPort: bell = try Doorbell(at: Offset.doorbell)
    case .doorbellMemory: bell = try Doorbell(at: Self.doorbellOffset)
    case .coalescedPort: ports.append(Register(Self.coalescedName, at: Offset.coalesced))
    case .coalescedMemory, nil: break
    }
    let words = [
      Register(Self.coalescedName, at: 0, count: 4),
      Register("DOORBELL", at: Self.doorbellOffset, count: 4),
    ]
    doorbell = bell
    self.marks = marks
    self.renew = renew
    self.request = request
    super.init(
      name: Self.name,
      windows: [
        Window(
          .port, base: Self.ports, count: 0x10, registers: RegisterMap(ports),
          coalesced: part == .coalescedPort ? [Offset.coalesced..<Offset.coalesced + 1] : [],
          doorbells: part == .doorbellPort ? [bell!] : []),
        Window(
          .memory, base: Self.memory, count: 0x2000, registers: RegisterMap(granule: 4, words),
          coalesced: part == .coalescedMemory ? [0..<4] : [],
          doorbells: part == .doorbellMemory ? [bell!] : []),
      ])
  }

  override func write(_ access: Access, _ value: UInt64) {
    guard access.window == 0 else { return }
    switch Int(access.offset) {
    case Offset.mark: marks.take(value)
    case Offset.renew: renew()
    case Offset.samples: samples = value
    case Offset.request: request(value)
    default: break
    }
  }
}

import CLinux
import HostFacts
import KVM

/// What decides which rows of the survey a host can do.
public struct SurveyHost: Sendable {
  public var kind: HostKind
  /// EPT or NPT is in use; nil where KVM does not tell.
  public var hasNestedPaging: Bool?
  /// The capabilities that its KVM has.
  public var capabilities: Set<Capability>
  /// The idle instructions that it can let run in the guest.
  public var idleExits: IdleExits
  /// Why it has no transparent huge pages to give; nil where it has.
  public var obstacleToHugePages: String?
  public var hasVFIO: Bool
  /// KVM may let the processor answer for the LAPIC: VT-x's APICv, SVM's AVIC.
  public var hasVirtualAPIC: Bool

  /// Those that some row needs.
  static let asked: [Capability] = [
    .ioEventFD, .irqFD, .coalescedMMIO, .coalescedPIO, .userSpaceMSR, .msrFilter, .haltPoll,
  ]

  public init(
    kind: HostKind, hasNestedPaging: Bool?, capabilities: Set<Capability>, idleExits: IdleExits,
    obstacleToHugePages: String?, hasVFIO: Bool, hasVirtualAPIC: Bool
  ) {
    self.kind = kind
    self.hasNestedPaging = hasNestedPaging
    self.capabilities = capabilities
    self.idleExits = idleExits
    self.obstacleToHugePages = obstacleToHugePages
    self.hasVFIO = hasVFIO
    self.hasVirtualAPIC = hasVirtualAPIC
  }

  /// This machine.
  public init(_ system: borrowing System) {
    let kind = HostKind.current
    var capabilities: Set<Capability> = []
    for capability in Self.asked where system.value(of: capability) != 0 { capabilities.insert(capability) }
    self.init(
      kind: kind, hasNestedPaging: kind == .pvm ? false : Self.parameter(kind, vtx: "ept", svm: "npt"),
      capabilities: capabilities,
      idleExits: IdleExits(rawValue: UInt64(system.value(of: .disableExits))),
      obstacleToHugePages: FreshMemory.obstacle(to: .huge),
      hasVFIO: unsafe access("/dev/vfio/vfio", F_OK) == 0,
      hasVirtualAPIC: Self.parameter(kind, vtx: "enable_apicv", svm: "avic") ?? false)
  }

  /// A switch of the vendor module: Y or N, in older kernels 1 or 0.
  private static func parameter(_ kind: HostKind, vtx: String, svm: String) -> Bool? {
    guard kind == .vtx || kind == .svm else { return nil }
    let name = kind == .vtx ? vtx : svm
    let word = KernelFile.firstLine(of: "/sys/module/\(kind.rawValue)/parameters/\(name)")
    return word.map { ["Y", "1"].contains($0) }
  }
}

import HostFacts
import KVM

/// What a row of the survey asks of the host.
enum SurveyNeed: Sendable {
  case capability(Capability)
  /// To let these instructions run in the guest.
  case idleExits(IdleExits)
  /// EPT or NPT in use.
  case nestedPaging
  /// KVM translates the guest's page tables itself.
  case shadowPaging
  /// Transparent huge pages.
  case hugePages
  /// VMCALL or VMMCALL that comes to this KVM and ends.
  case hypercalls
  /// A device of the host's, handed to the guest.
  case passthrough
  /// Interrupts that the processor itself delivers to a running guest.
  case postedInterrupts

  /// Why a host cannot, in a few words; nil where it can.
  func obstacle(on host: SurveyHost) -> String? {
    switch self {
    case .capability(let capability):
      host.capabilities.contains(capability) ? nil : "this host's KVM lacks \(capability.name)"
    case .idleExits(let exits):
      host.idleExits.isSuperset(of: exits) ? nil : "this host's KVM cannot switch \(exits) off"
    case .nestedPaging: host.hasNestedPaging == true ? nil : Self.noNestedPaging(host)
    case .shadowPaging: Self.noShadowPaging(host)
    case .hugePages: host.obstacleToHugePages
    case .hypercalls: Self.noHypercalls(host)
    case .passthrough:
      host.hasVFIO
        ? "VFIO is here, but swiftvmm hands no device of the host's to a guest"
        : "this host has no /dev/vfio/vfio to hand out a device by"
    case .postedInterrupts:
      host.hasVirtualAPIC
        ? "APICv or AVIC is on, and KVM decides by itself" : "neither APICv nor AVIC is on here"
    }
  }

  private static func noNestedPaging(_ host: SurveyHost) -> String {
    switch host.kind {
    case .pvm: "a PVM host has no nested paging, only shadow page tables"
    case .unknown: unknownKind
    case .vtx: "kvm_intel runs with ept=0"
    case .svm: "kvm_amd runs with npt=0"
    }
  }

  private static func noShadowPaging(_ host: SurveyHost) -> String? {
    switch (host.kind, host.hasNestedPaging) {
    case (.pvm, _), (_, false): nil
    case (.unknown, _), (_, nil): unknownKind
    case (.vtx, _): "EPT is in use; kvm_intel with ept=0 would show it"
    case (.svm, _): "NPT is in use; kvm_amd with npt=0 would show it"
    }
  }

  private static func noHypercalls(_ host: SurveyHost) -> String? {
    switch host.kind {
    case .vtx, .svm: nil
    // At CPL 0 KVM's emulator returns to the instruction again and again.
    case .pvm: "on a PVM host VMCALL at CPL 0 never ends, and at CPL 3 the hypervisor outside takes it"
    case .unknown: "which of VMCALL and VMMCALL this KVM takes cannot be told"
    }
  }

  private static let unknownKind = "which kind of KVM this is cannot be told from /sys/module"
}

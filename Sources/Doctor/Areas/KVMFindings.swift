import CLinux
import HostFacts
import KVM
import VMM

/// /dev/kvm, and which KVM stands behind it.
enum KVMFindings {
  /// The name of the finding on which all hangs.
  static let device = "/dev/kvm"

  static func all(_ host: Host) -> [Finding] {
    [finding(host), module(host), paging(host), machine(host)].compactMap { $0 }
  }

  private static func finding(_ host: Host) -> Finding {
    guard let obstacle = host.obstacle else {
      return .good(.kvm, device, "usable", "a VM with one vCPU was made")
    }
    let remedy = remedy(for: obstacle, host)
    let answer = KVMError(
      obstacle.call, errno: obstacle.errno, advice: obstacle.errno == 0 ? obstacle.advice : "")
    return host.node(device) == nil
      ? .missing(.kvm, device, "not there", answer.description, remedy)
      : .wrong(.kvm, device, "cannot be used", answer.description, remedy)
  }

  private static func module(_ host: Host) -> Finding {
    let name = host.kind.rawValue
    switch host.kind {
    case .vtx: return .good(.kvm, "module", name, "Intel's VT-x: every exit has a reason of the hardware's")
    case .svm: return .good(.kvm, "module", name, "AMD's SVM: every exit has a reason of the hardware's")
    case .pvm:
      return .fact(
        .kvm, "module", name,
        "no hardware virtualisation: code at CPL 0 is emulated, at CPL 3 it runs natively")
    case .unknown:
      if host.obstacle == nil {
        let likely = host.flags.contains("vmx") ? "kvm_intel" : host.flags.contains("svm") ? "kvm_amd" : nil
        let guess = likely.map { "; by the CPU's flags it is \($0)" } ?? ""
        return .wrong(
          .kvm, "module", "not told", "so nobody knows which counts must agree\(guess)", Host.sysfsRemedy)
      }
      return .missing(.kvm, "module", "none in /sys/module", nil, moduleRemedy(host))
    }
  }

  private static func paging(_ host: Host) -> Finding? {
    let name = "nested paging"
    let shadowed = "page tables of the guest are shadowed: its own changes of them exit"
    switch host.kind {
    case .vtx: return paging(host, name, "EPT", "/sys/module/kvm_intel/parameters/ept", shadowed)
    case .svm: return paging(host, name, "NPT", "/sys/module/kvm_amd/parameters/npt", shadowed)
    case .pvm:
      return .missing(.kvm, name, "none", shadowed, .none(because: "PVM has no EPT or NPT to use"))
    case .unknown: return nil
    }
  }

  private static func paging(
    _ host: Host, _ name: String, _ technique: String, _ path: String, _ shadowed: String
  ) -> Finding {
    guard let value = host.line(path) else {
      return .fact(.kvm, name, "not told", "\(path) is not to be read")
    }
    guard !isOn(value) else {
      return .good(.kvm, name, technique, "page tables are the guest's own: first touches alone exit")
    }
    return .wrong(
      .kvm, name, "off", shadowed, host.reloading(host.kind.rawValue, technique.lowercased() + "=1"))
  }

  private static func machine(_ host: Host) -> Finding? {
    guard !host.flags.isEmpty else { return nil }
    guard host.isGuest else {
      return .good(.kvm, "this machine", "bare metal", "no hypervisor below takes part in an exit")
    }
    let vendor = host.line("/sys/class/dmi/id/sys_vendor").map { " (\($0))" } ?? ""
    return .fact(
      .kvm, "this machine", "a guest itself" + vendor,
      host.kind == .pvm
        ? "times are those of a machine that another hypervisor runs"
        : "its guests are nested: the hypervisor below takes part in each exit")
  }

  /// What lets KVM be used.
  private static func remedy(for obstacle: KVMError, _ host: Host) -> Remedy {
    switch obstacle.errno {
    case EACCES, EPERM:
      return host.node(device).map { host.admission(to: device, $0) } ?? moduleRemedy(host)
    case ENOENT, ENODEV, ENXIO:
      if host.kind != .unknown, host.node(device) == nil {
        return .change("give the container the device: --device /dev/kvm; the module is loaded")
      }
      return moduleRemedy(host)
    case EBUSY: return .change("end the other hypervisor that holds the processor, such as VirtualBox")
    case 0: return .change("another kernel: \(obstacle.advice)")
    default: return .change(obstacle.advice.isEmpty ? "see what dmesg says of kvm" : obstacle.advice)
    }
  }

  private static func moduleRemedy(_ host: Host) -> Remedy {
    if host.flags.contains("vmx") { return KernelModule.intel.remedy(on: host) }
    if host.flags.contains("svm") { return KernelModule.amd.remedy(on: host) }
    if host.isGuest {
      return .change("ask the hypervisor or the cloud for nested virtualisation: the CPU shows no vmx or svm")
    }
    return .change("switch VT-x or AMD-V on in the firmware, then load kvm_intel or kvm_amd")
  }
}

extension Host {
  /// Why KVM cannot be used, nil where it can.
  var obstacle: KVMError? {
    switch kvm {
    case .failure(let error): return error
    case .success(let answers):
      let absent = Machine.required.first { answers.capabilities[$0, default: 0] == 0 }
      return absent.map { KVMError($0.name, errno: 0, advice: "this host's KVM does not have it") }
    }
  }
}

/// The kernel writes its yes as Y, and of parameters that once were numbers as 1.
func isOn(_ value: String) -> Bool { value == "Y" || value == "1" }

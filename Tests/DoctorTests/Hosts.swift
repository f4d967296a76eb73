import CLinux
import KVM
import Witness

@testable import Doctor

/// Hosts to play. Their files are as such machines have them, cut to what the doctor reads.
enum Hosts {
  /// A server with VT-x, EPT and APICv, and an IOMMU that is on; used by root.
  static func intelServer() throws -> PlayedHost {
    let host = try PlayedHost(common(cpu: intel, user: root))
    try add(
      host, folder: "/sys/module/kvm_intel/parameters",
      [
        "ept": "Y", "unrestricted_guest": "Y", "enable_apicv": "Y", "vpid": "Y", "nested": "Y",
        "ple_window": "4096",
      ])
    try add(host, folder: vulnerabilities, ["mds": "Mitigation: Clear CPU buffers; SMT vulnerable"])
    for group in 0..<3 {
      try host.write("/sys/kernel/iommu_groups/\(group)/devices/0000:00:0\(group).0", .init())
    }
    try host.write("/sys/kernel/iommu_groups/2/devices/0000:00:02.1", .init())
    try host.write("/sys/bus/pci/drivers/vfio-pci/0000:00:01.0", .init())
    try host.write("/sys/bus/pci/drivers/vfio-pci/new_id", .init())
    try host.write("/sys/module/vhost_net/", .init())
    for path in ["/dev/vhost-net", "/dev/net/tun", "/dev/vfio/vfio"] {
      host.nodes[path] = DeviceNode(mode: 0o600, group: 0, isAccessible: true)
    }
    return host
  }

  /// A desktop with SVM, NPT without AVIC, nested switched off; its user is in no group.
  static func amdDesktop() throws -> PlayedHost {
    let host = try PlayedHost(common(cpu: amd, user: nobodySpecial))
    try add(
      host, folder: "/sys/module/kvm_amd/parameters",
      ["npt": "1", "avic": "N", "nrips": "1", "nested": "0"])
    try add(host, folder: vulnerabilities, ["vmscape": "Mitigation: IBPB before exit to userspace"])
    host.kvm = .failure(KVMError("/dev/kvm", errno: EACCES, advice: "no permission"))
    host.nodes["/dev/kvm"]!.isAccessible = false
    host.nodes["/dev/vhost-net"] = DeviceNode(mode: 0o660, group: 104, isAccessible: false)
    host.nodes["/dev/net/tun"] = DeviceNode(mode: 0o666, group: 0, isAccessible: true)
    let refusal = Unavailable("tracefs may be read and mounted by root only")
    host.tracing = TracingAnswers(
      tracepoints: .failure(refusal), threadsRefusal: refusal, processorsRefusal: refusal)
    return host
  }

  /// A machine with VT-x whose module is not loaded, though there.
  static func withoutModule() throws -> PlayedHost {
    let host = try PlayedHost(common(cpu: intel, user: nobodySpecial))
    try host.remove("/sys/module/kvm")
    try host.write("/lib/modules/6.12.9-amd64/kernel/arch/x86/kvm/kvm-intel.ko.xz", .init())
    try host.write("/lib/modules/6.12.9-amd64/kernel/drivers/vhost/vhost_net.ko", .init())
    host.kvm = .failure(KVMError("/dev/kvm", errno: ENOENT, advice: "KVM is not there"))
    host.tracing = TracingAnswers(
      tracepoints: .success([]), threadsRefusal: Unavailable("no tracepoint"),
      processorsRefusal: Unavailable("no tracepoint"))
    host.nodes = [:]
    return host
  }

  /// A container: no /sys, no devices, and root with few rights.
  static func container() throws -> PlayedHost {
    let host = try PlayedHost([
      "/proc/self/status":
        "Uid:\t0\t0\t0\t0\nGroups:\t \nCapEff:\t00000000a80425fb\nNoNewPrivs:\t1\nSeccomp:\t2\n",
      "/proc/sys/kernel/osrelease": "6.12.9-amd64\n", "/proc/cpuinfo": amd, "/proc/modules": "",
    ])
    host.kvm = .failure(KVMError("/dev/kvm", errno: ENOENT, advice: "KVM is not there"))
    let refusal = Unavailable("tracefs may be read and mounted by root only")
    host.tracing = TracingAnswers(
      tracepoints: .failure(refusal), threadsRefusal: refusal, processorsRefusal: refusal)
    host.nodes = [:]
    return host
  }

  /// Not a single file.
  static func nothing() throws -> PlayedHost {
    let host = try PlayedHost([:])
    host.kvm = .failure(KVMError("/dev/kvm", errno: ENOENT, advice: "KVM is not there"))
    host.tracing = TracingAnswers(
      tracepoints: .success([]), threadsRefusal: Unavailable("no tracepoint"),
      processorsRefusal: Unavailable("no tracepoint"))
    host.nodes = [:]
    return host
  }

  /// A guest without hardware virtualisation, on PVM.
  static func pvm() throws -> PlayedHost {
    let cpu = amd.replacing(" svm", with: " hypervisor")
    let host = try PlayedHost(common(cpu: cpu, user: root))
    try add(host, folder: "/sys/module/kvm_pvm/parameters", ["pvm_emul_batch": "1024"])
    try add(host, folder: "/proc/sys/kernel", ["modules_disabled": "1"])
    if case .success(var answers) = host.kvm {
      answers.capabilities[.nestedState] = 0
      answers.capabilities[.disableExits] = 0xe
      host.kvm = .success(answers)
    }
    return host
  }

  static let all: [(name: String, make: @Sendable () throws -> PlayedHost)] = [
    ("intelServer", intelServer), ("amdDesktop", amdDesktop), ("withoutModule", withoutModule),
    ("container", container), ("nothing", nothing), ("pvm", pvm),
  ]

  static func common(cpu: String, user: String) -> [String: String] {
    [
      "/proc/self/status": user, "/proc/cpuinfo": cpu, "/proc/sys/kernel/osrelease": "6.12.9-amd64\n",
      "/proc/cmdline": "quiet mitigations=auto\n", "/proc/modules": "", "/proc/misc": "232 kvm\n",
      "/proc/self/limits":
        "Limit                     Soft Limit  Hard Limit  Units\nMax locked memory         8388608     8388608     bytes\n",
      "/proc/self/mounts": "sysfs /sys sysfs rw 0 0\ntracefs /sys/kernel/tracing tracefs rw 0 0\n",
      "/proc/sys/kernel/perf_event_paranoid": "3\n", "/etc/group": "root:x:0:\nkvm:x:104:\n",
      "/sys/module/kvm/parameters/halt_poll_ns": "200000\n", "/sys/module/kvm/parameters/ignore_msrs": "N\n",
      "/sys/module/kvm/parameters/tdp_mmu": "Y\n",
      "/sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
      "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages": "0\n",
      "/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages": "0\n", "/sys/kernel/mm/ksm/run": "0\n",
      "/sys/kernel/iommu_groups/": "",
      "/sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
      "/sys/devices/system/clocksource/clocksource0/available_clocksource": "tsc hpet \n",
      "/sys/devices/system/cpu/online": "0-7\n", "/sys/devices/system/cpu/smt/active": "1\n",
      "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "performance\n",
      "\(vulnerabilities)/meltdown": "Not affected\n",
      "\(vulnerabilities)/spectre_v1": "Mitigation: barriers\n",
    ]
  }

  static let vulnerabilities = "/sys/devices/system/cpu/vulnerabilities"
  static let root = "Uid:\t0\t0\t0\t0\nGroups:\t0 \nCapEff:\t000001ffffffffff\nNoNewPrivs:\t0\nSeccomp:\t0\n"
  static let nobodySpecial =
    "Uid:\t1000\t1000\t1000\t1000\nGroups:\t1000 \nCapEff:\t0000000000000000\nNoNewPrivs:\t0\nSeccomp:\t0\n"
  static let intel =
    "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Intel Xeon\nflags\t\t: tsc constant_tsc nonstop_tsc vmx\n"
  static let amd =
    "processor\t: 0\nvendor_id\t: AuthenticAMD\nmodel name\t: AMD EPYC\nflags\t\t: tsc constant_tsc nonstop_tsc svm\n"

  static func add(_ host: PlayedHost, folder: String, _ files: [String: String]) throws {
    for (name, content) in files { try host.write("\(folder)/\(name)", .init((content + "\n").utf8)) }
  }
}

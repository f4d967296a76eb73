import CLinux
import KVM
import Testing
import Witness

@testable import Doctor

/// What the doctor says of hosts that this machine is not.
struct PlayedHostTests {
  private func expect(
    _ diagnosis: Diagnosis, _ area: Finding.Area, _ name: String, _ state: Finding.State,
    _ value: String? = nil, _ remedy: Remedy? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let finding = diagnosis.finding(area, name)
    #expect(
      finding?.state == state, "\(name): \(String(describing: finding))", sourceLocation: sourceLocation)
    if let value { #expect(finding?.value == value, sourceLocation: sourceLocation) }
    if let remedy { #expect(finding?.remedy == remedy, sourceLocation: sourceLocation) }
  }

  @Test func `an Intel server with all of it lacks nothing but reserved pages`() throws {
    let diagnosis = try Hosts.intelServer().diagnosis
    #expect(diagnosis.usable)
    #expect(diagnosis.verdict.hasPrefix("KVM can be used, by VT-x and EPT."))
    expect(diagnosis, .kvm, "nested paging", .good, "EPT")
    expect(diagnosis, .kvm, "this machine", .good, "bare metal")
    expect(diagnosis, .parameters, "kvm_intel.enable_apicv", .good, "Y")
    expect(diagnosis, .parameters, "kvm_intel.ple_window", .fact, "4096")
    expect(diagnosis, .capabilities, "X86_DISABLE_EXITS", .good, "0xf")
    #expect(diagnosis.finding(.capabilities, "X86_DISABLE_EXITS")?.number == 15)
    #expect(
      diagnosis.finding(.capabilities, "X86_DISABLE_EXITS")?.meaning?.hasSuffix(": MWAIT, HLT, PAUSE, CSTATE")
        == true)
    expect(diagnosis, .tracepoints, "kvm:kvm_exit", .good, "fires")
    expect(diagnosis, .tracepoints, "kvm:kvm_fast_mmio", .good)
    expect(diagnosis, .tracepoints, "kvm:kvm_inj_virq", .fact, "may fire")
    expect(diagnosis, .network, "vhost-net", .good, "usable")
    expect(diagnosis, .passthrough, "IOMMU groups", .good, "3")
    #expect(
      diagnosis.finding(.passthrough, "IOMMU groups")?.meaning == "4 devices, 2 of them alone in a group")
    expect(diagnosis, .passthrough, "VFIO", .good, "1 bound")
    expect(diagnosis, .memory, "reserved pages of 2 MiB", .missing, "none", .run("sysctl vm.nr_hugepages=64"))
    expect(diagnosis, .memory, "reserved pages of 1 GiB", .fact)
    expect(diagnosis, .mitigations, "mds", .fact, "Clear CPU buffers; SMT vulnerable")
    expect(diagnosis, .mitigations, "CPU not affected", .fact, "1")
    expect(diagnosis, .permissions, "locked memory", .fact, "8 MiB")
    #expect(diagnosis.findings.filter { $0.state == .missing || $0.state == .wrong }.count == 1)
  }

  @Test func `what VT-x has and is switched off, a command switches on`() throws {
    let host = try Hosts.intelServer()
    try Hosts.add(
      host, folder: "/sys/module/kvm_intel/parameters", ["ept": "N", "enable_apicv": "N", "nested": "N"])
    try Hosts.add(host, folder: "/sys/module/kvm/parameters", ["ignore_msrs": "Y"])
    try Hosts.add(host, folder: "/sys/kernel/mm/transparent_hugepage", ["enabled": "always madvise [never]"])
    var answers = try host.kvm.get()
    answers.capabilities[.nestedState] = 0
    host.kvm = .success(answers)
    let diagnosis = host.diagnosis
    #expect(diagnosis.usable)
    #expect(diagnosis.verdict.hasPrefix("KVM can be used, by VT-x, without nested paging."))
    func reload(_ parameter: String) -> Remedy {
      .run("modprobe -r kvm_intel && modprobe kvm_intel \(parameter)")
    }
    expect(diagnosis, .kvm, "nested paging", .wrong, "off", reload("ept=1"))
    expect(diagnosis, .capabilities, "NESTED_STATE", .missing, "no", reload("nested=1"))
    expect(
      diagnosis, .parameters, "kvm_intel.enable_apicv", .wrong, "N",
      reload("enable_apicv=1  # stays off where the CPU lacks it"))
    expect(
      diagnosis, .parameters, "kvm.ignore_msrs", .wrong, "Y",
      .run("echo N > /sys/module/kvm/parameters/ignore_msrs"))
    expect(diagnosis, .tracepoints, "kvm:kvm_fast_mmio", .missing, "never fires")
    expect(diagnosis, .tracepoints, "kvm:kvm_nested_vmexit", .fact, "may fire")
    expect(
      diagnosis, .memory, "transparent huge pages", .wrong, "never",
      .run("echo madvise > /sys/kernel/mm/transparent_hugepage/enabled"))
  }

  @Test func `a user without rights on an AMD desktop is told each command`() throws {
    let diagnosis = try Hosts.amdDesktop().diagnosis
    #expect(!diagnosis.usable)
    let join = "sudo usermod -aG kvm $USER  # then log in anew"
    #expect(diagnosis.complaint == "/dev/kvm: Permission denied; run: \(join)")
    expect(diagnosis, .kvm, "/dev/kvm", .wrong, "cannot be used", .run(join))
    expect(diagnosis, .kvm, "nested paging", .good, "NPT")
    expect(diagnosis, .permissions, "user", .fact, "uid 1000")
    expect(
      diagnosis, .witnesses, "tracefs", .wrong, "not to be read",
      .run("sudo mount -o remount,mode=750,gid=$(id -g) /sys/kernel/tracing"))
    expect(
      diagnosis, .witnesses, "events of threads", .wrong, "not tried",
      .run("sudo sysctl kernel.perf_event_paranoid=1"))
    expect(
      diagnosis, .witnesses, "events of processors", .wrong, "not tried",
      .run("sudo sysctl kernel.perf_event_paranoid=0"))
    expect(diagnosis, .witnesses, "ledger", .good, "always")
    expect(diagnosis, .network, "vhost-net", .wrong, "not for this user", .run(join))
    expect(
      diagnosis, .network, "TAP", .wrong, "none of one's own",
      .run("sudo ip tuntap add dev tap0 mode tap user $USER"))
    expect(
      diagnosis, .parameters, "kvm_amd.avic", .wrong, "N",
      .run("sudo modprobe -r kvm_amd && sudo modprobe kvm_amd avic=1  # stays off where the CPU lacks it"))
    expect(diagnosis, .parameters, "kvm_amd.nrips", .good, "1")
    #expect(diagnosis.finding(.mitigations, "vmscape")?.meaning?.contains("IBPB") == true)
    expect(
      diagnosis, .passthrough, "IOMMU groups", .missing, "none",
      .change("switch the IOMMU (VT-d, AMD-Vi) on in the firmware"))
  }

  @Test
  func `with KVM in reach the same user has the ledger and statistics, and is told how to get the rest`()
    throws
  {
    let host = try Hosts.amdDesktop()
    host.kvm = .success(.everything)
    host.nodes["/dev/kvm"]!.isAccessible = true
    let diagnosis = host.diagnosis
    #expect(diagnosis.usable)
    #expect(diagnosis.complaint == nil)
    #expect(diagnosis.verdict.contains("only KVM's statistics tell"))
    expect(diagnosis, .witnesses, "statistics fd", .good, "8 a vCPU, 1 a VM")
  }

  @Test func `what a device's group may not open, its owner must give`() throws {
    let host = try Hosts.amdDesktop()
    host.nodes["/dev/kvm"] = DeviceNode(mode: 0o600, group: 0, isAccessible: false)
    expect(host.diagnosis, .kvm, "/dev/kvm", .wrong, nil, .run("sudo chown $USER /dev/kvm"))
  }

  @Test func `a module that is there but not loaded is loaded by modprobe`() throws {
    let diagnosis = try Hosts.withoutModule().diagnosis
    #expect(!diagnosis.usable)
    expect(diagnosis, .kvm, "/dev/kvm", .missing, "not there", .run("sudo modprobe kvm_intel"))
    expect(diagnosis, .network, "vhost-net", .missing, nil, .run("sudo modprobe vhost_net"))
    expect(
      diagnosis, .network, "TAP", .missing, nil,
      .change("a kernel with CONFIG_TUN=m: this one has no tun"))
    expect(
      diagnosis, .passthrough, "IOMMU groups", .missing, nil,
      .change("intel_iommu=on on the kernel's command line, and VT-d on in the firmware"))
    expect(diagnosis, .tracepoints, "tracepoints", .missing, "none of KVM's")
    #expect(diagnosis.findings.allSatisfy { $0.area != .capabilities })
  }

  @Test func `a guest whose hypervisor keeps VT-x to itself is told to ask it`() throws {
    let host = try Hosts.withoutModule()
    try host.write("/proc/cpuinfo", .init(Hosts.intel.replacing(" vmx", with: " hypervisor").utf8))
    let finding = host.diagnosis.finding(.kvm, "/dev/kvm")
    #expect(finding?.remedy?.kind == .change)
    #expect(finding?.remedy?.text.contains("nested virtualisation") == true)
    expect(host.diagnosis, .kvm, "this machine", .fact, "a guest itself")
  }

  @Test func `a container without /sys says what it cannot see, and lacks the device`() throws {
    let diagnosis = try Hosts.container().diagnosis
    #expect(!diagnosis.usable)
    expect(diagnosis, .kvm, "/dev/kvm", .missing, "not there")
    expect(diagnosis, .kvm, "module", .missing, "none in /sys/module")
    expect(diagnosis, .permissions, "seccomp", .fact, "filtered")
    #expect(diagnosis.finding(.permissions, "user")?.meaning?.contains("sudo does not work") == true)
    expect(
      diagnosis, .mitigations, "vulnerabilities", .missing, "not told",
      .change("mount sysfs at /sys, or look on the host itself"))
    expect(
      diagnosis, .network, "vhost-net", .missing, nil,
      .change("on the host itself, for here is no /lib/modules/6.12.9-amd64: sudo modprobe vhost_net"))
    expect(
      diagnosis, .witnesses, "tracefs", .wrong, nil,
      .change("mount sysfs at /sys, or look on the host itself"))
  }

  @Test func `a container with the device but without /sys runs guests and does not know on what`() throws {
    let host = try Hosts.container()
    host.kvm = .success(.everything)
    host.nodes["/dev/kvm"] = DeviceNode(mode: 0o660, group: 104, isAccessible: true)
    let diagnosis = host.diagnosis
    #expect(diagnosis.usable)
    expect(diagnosis, .kvm, "module", .wrong, "not told")
    expect(diagnosis, .parameters, "parameters", .missing, "not told")
  }

  @Test func `a loaded module without its device is a container without it`() throws {
    let host = try Hosts.intelServer()
    host.nodes["/dev/kvm"] = nil
    host.kvm = .failure(KVMError("/dev/kvm", errno: ENOENT))
    expect(
      host.diagnosis, .kvm, "/dev/kvm", .missing, nil,
      .change("give the container the device: --device /dev/kvm; the module is loaded"))
  }

  @Test func `PVM has no remedy for what hardware alone has`() throws {
    let diagnosis = try Hosts.pvm().diagnosis
    #expect(diagnosis.usable)
    #expect(diagnosis.verdict.contains("on a PVM host"))
    #expect(diagnosis.verdict.contains("kvm_exit, kvm_entry"))
    for (area, name) in [
      (Finding.Area.kvm, "nested paging"), (.capabilities, "NESTED_STATE"), (.tracepoints, "kvm:kvm_exit"),
      (.tracepoints, "kvm:kvm_page_fault"), (.tracepoints, "kvm:kvm_inj_virq"),
    ] {
      expect(diagnosis, area, name, .missing)
      #expect(diagnosis.finding(area, name)?.remedy?.kind == Remedy.Kind.none, "\(name)")
    }
    expect(diagnosis, .tracepoints, "kvm:kvm_pio", .good, "fires")
    expect(
      diagnosis, .network, "vhost-net", .missing, nil,
      .change("a kernel with CONFIG_VHOST_NET=y: this one loads no modules"))
    expect(
      diagnosis, .passthrough, "IOMMU groups", .missing, nil,
      .change("a virtual IOMMU from the hypervisor: this machine is a guest"))
  }

  @Test func `a capability that came later than the kernel needs a later one`() throws {
    let host = try Hosts.intelServer()
    try host.write("/proc/sys/kernel/osrelease", .init("5.4.0-42-generic\n".utf8))
    var answers = try host.kvm.get()
    for capability in [Capability.msrFilter, .irqFDResample] { answers.capabilities[capability] = 0 }
    answers.counters = .failure(Unavailable("KVM_GET_STATS_FD: Inappropriate ioctl for device"))
    host.kvm = .success(answers)
    let diagnosis = host.diagnosis
    expect(
      diagnosis, .capabilities, "X86_MSR_FILTER", .missing, "no",
      .change("Linux 5.10 or later; this is 5.4.0-42-generic"))
    expect(
      diagnosis, .capabilities, "IRQFD_RESAMPLE", .missing, "no",
      .change("another kernel: kvm_intel of Linux 5.4.0-42-generic does not offer it"))
    expect(
      diagnosis, .witnesses, "statistics fd", .missing, "no",
      .change("Linux 5.14 or later; this is 5.4.0-42-generic"))
  }

  @Test func `without a capability that every machine needs, KVM cannot be used`() throws {
    let host = try Hosts.intelServer()
    var answers = try host.kvm.get()
    answers.capabilities[.userMemory] = 0
    host.kvm = .success(answers)
    #expect(!host.diagnosis.usable)
    #expect(host.diagnosis.complaint?.hasPrefix("KVM_CAP_USER_MEMORY: ") == true)
  }
}

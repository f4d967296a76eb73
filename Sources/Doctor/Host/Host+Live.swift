import CLinux
import HostFacts
import KVM
import VMM
import Witness

extension Host {
  /// This machine, asked now. A VM with one vCPU is made and given up; nothing on the machine changes.
  public static func examine() -> Host {
    Host(root: "", kvm: askKVM(), tracing: askTracing(), node: lookAt)
  }

  private static func askKVM() -> Result<KVMAnswers, KVMError> {
    // Opening a static node of /dev makes the kernel load its module, and the doctor changes nothing.
    if let misc = KernelFile.contents(of: "/proc/misc"), lookAt("/dev/kvm") != nil,
      !misc.split(separator: "\n").contains(where: { $0.hasSuffix(" kvm") })
    {
      return .failure(KVMError("/dev/kvm", errno: ENODEV, advice: "no KVM module is loaded"))
    }
    do throws(KVMError) {
      let system = try System()
      var capabilities: [Capability: Int] = [:]
      for capability in CapabilityEntry.all.map(\.capability) + Machine.required {
        capabilities[capability] = system.value(of: capability)
      }
      let machine = try system.makeVirtualMachine()
      let vcpu = try machine.makeVCPU(0)
      return .success(
        KVMAnswers(
          capabilities: capabilities, counters: counters(machine, vcpu),
          timestampKHz: vcpu.timestampFrequency))
    } catch {
      return .failure(error)
    }
  }

  private static func counters(_ machine: VirtualMachine, _ vcpu: VCPU) -> Result<CounterNames, Unavailable> {
    do throws(KVMError) {
      let (ofVCPU, ofVM) = (try vcpu.statistics().descriptions, try machine.statistics().descriptions)
      return .success(CounterNames(ofVCPU: ofVCPU.map(\.name), ofVM: ofVM.map(\.name)))
    } catch {
      return .failure(Unavailable(error.description))
    }
  }

  private static func askTracing() -> TracingAnswers {
    TracingAnswers(
      tracepoints: tracepoints(), threadsRefusal: threadsRefusal(), processorsRefusal: processorsRefusal())
  }

  private static func tracepoints() -> Result<Set<String>, Unavailable> {
    do throws(Unavailable) { return .success(try Tracepoint.names()) } catch { return .failure(error) }
  }

  /// A tracepoint of every kind of host.
  private static let probe = "kvm_userspace_exit"

  private static func threadsRefusal() -> Unavailable? {
    let selection = TracepointSelection(probe)
    do throws(Unavailable) { _ = try TracepointWitness([selection]).count(selection) } catch { return error }
    return nil
  }

  private static func processorsRefusal() -> Unavailable? {
    do throws(Unavailable) {
      _ = try TracepointCounter(try Tracepoint("kvm", probe), threadsNamed: "")
    } catch { return error }
    return nil
  }

  private static func lookAt(_ path: String) -> DeviceNode? {
    var facts = stat()
    guard unsafe stat(path, &facts) == 0 else { return nil }
    return DeviceNode(
      mode: facts.st_mode & 0o777, group: facts.st_gid,
      isAccessible: unsafe access(path, R_OK | W_OK) == 0)
  }
}

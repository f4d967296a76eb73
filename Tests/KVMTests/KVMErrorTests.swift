import CLinux
import Testing

@testable import KVM

/// What the user reads when a call to KVM fails.
@Suite struct KVMErrorTests {
  @Test(arguments: [
    (KVMError("KVM_RUN", errno: 0), "KVM_RUN"),
    (KVMError("KVM_RUN", errno: EINVAL), "KVM_RUN: Invalid argument"),
    (KVMError("KVM_CAP_PIT2", errno: 0, advice: "not here"), "KVM_CAP_PIT2: not here"),
    (KVMError("/dev/kvm", errno: ENOENT, advice: "load it"), "/dev/kvm: No such file or directory; load it"),
  ])
  func `the text names the call, the errno and the advice, as far as there are any`(
    error: KVMError, text: String
  ) {
    #expect(error.description == text)
  }

  @Test func `an answer of 0 or more passes, a negative one is thrown as its errno`() throws {
    #expect(try KVM.check(0, "KVM_RUN") == 0)
    #expect(try KVM.check(7, "KVM_CREATE_VM") == 7)
    #expect(throws: KVMError("KVM_CREATE_VM", errno: EBUSY, advice: "wait")) {
      try KVM.check(-Int(EBUSY), "KVM_CREATE_VM", advice: "wait")
    }
  }

  @Test func `the advice is composed for failures only`() throws {
    var composed = 0
    func advice() -> String {
      composed += 1
      return "\(composed)"
    }
    _ = try KVM.check(3, "KVM_CREATE_VCPU", advice: advice())
    #expect(composed == 0)
    _ = try? KVM.check(-1, "KVM_CREATE_VCPU", advice: advice())
    #expect(composed == 1)
  }
}

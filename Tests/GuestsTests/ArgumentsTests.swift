import Testing
import VMM

@testable import Guests

struct ArgumentsTests {
  @Test(
    arguments: [
      ("0", 0), ("4096", 4096), ("64K", 65536), ("64k", 65536), ("64M", 64 << 20), ("3G", 3 << 30),
      ("17179869183G", 17_179_869_183 << 30),
    ] as [(String, UInt64)])
  func `sizes`(text: String, size: UInt64) {
    #expect(byteCount(text) == size)
  }

  @Test(
    arguments: [
      "", "M", "-1", "+1", "+1K", "-0", "1T", "1.5G", " 1", "0x10", "١", "١M", "1\u{600}M", "17179869184G",
      "99999999999999999999",
    ])
  func `no sizes`(text: String) {
    #expect(byteCount(text) == nil)
  }

  @Test func `changes of CPUID`() {
    typealias Change = MachineConfiguration.CPUIDChange
    #expect(Change("1:ecx=0/0x200000") == Change(leaf: 1, register: .ecx, value: 0, mask: 0x200000))
    #expect(Change("0x80000008:EAX=48") == Change(leaf: 0x8000_0008, register: .eax, value: 48))
    #expect(Change("0X7:ebx=0") == Change(leaf: 7, register: .ebx, value: 0))
    #expect(Change("7.1:edx=0xff/15") == Change(leaf: 7, subleaf: 1, register: .edx, value: 0xff, mask: 15))
    for text in [
      "", "1", "1:ecx", "1:ecx=", "ecx=1", "1:efx=1", "1.2.3:eax=1", "1:eax=1/2/3", "1:eax=x", "-1:eax=1",
      "+1:eax=1", "0x+1:eax=1", "1:eax=+1", "1:eax=0x-0", "1:eax=0x", "1:eax=1/+1", "0x100000000:eax=1",
    ] {
      #expect(Change(text) == nil, "\(text)")
    }
  }
}

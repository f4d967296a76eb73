import HostFacts
import Testing

@testable import Attach
@testable import Witness

struct ThreadTallyTests {
  static let io = UserSpaceReason(number: 2, errno: 0)
  static let events: [KVMEvent] = [
    .exit(HardwareReason(number: 30, isa: 1), vcpu: 3), .port(0x3f8, isWrite: true, items: 1),
    .userSpaceExit(io), .exit(HardwareReason(number: 0x7b, isa: 2), vcpu: 3),
    .userSpaceExit(UserSpaceReason(number: 7, errno: -4)), .port(0x60, isWrite: false, items: 64),
    .memory(0xfee0_00b0, .write), .memory(0xffff_ffff_ffff_f000, .read), .fastMemory(0xd000_0050),
    .msr(0xc000_0080, isWrite: true), .cpuid(leaf: 0x4000_0000),
  ]

  @Test(arguments: 0..<20)
  func `records are read wherever a kernel has put their fields`(seed: UInt64) throws {
    let kernel = SyntheticKernel(seed: seed)
    let plan = try kernel.plan()
    #expect(plan.unavailable.isEmpty)
    for event in Self.events {
      let decoder = try #require(plan.entries[plan.index(of: event.kind)!].decoder)
      let data = kernel.data(event)
      let read = unsafe decoder.event(data.span.bytes)
      #expect(read == event)
    }
  }

  @Test func `a field that is gone makes its break-down unavailable, and no other`() throws {
    var kernel = SyntheticKernel(seed: 1)
    kernel.drop("gpa", of: .memory)
    let plan = try kernel.plan()
    #expect(
      plan.unavailable == [
        "kvm_mmio": "counted, but not broken down: its records have no field gpa on this kernel"
      ])
    #expect(plan.entries.count == KVMTracepoint.allCases.count)
    #expect(plan.members.count { !$0.isRecorded } == 5)
    #expect(!plan.decodes(.memory) && plan.decodes(.port))
  }

  @Test func `a vCPU's number is not needed`() throws {
    var kernel = SyntheticKernel(seed: 1)
    kernel.drop("vcpu_id", of: .exit)
    let plan = try kernel.plan()
    #expect(plan.unavailable.isEmpty)
    var (tally, book) = (ThreadTally(plan), AddressBook())
    tally.take(.exit, kernel.data(Self.events[0]), plan, &book)
    #expect(tally.vcpu == nil)
    #expect(tally.hardware == [HardwareReason(number: 30, isa: 1): 1])
  }

  @Test func `what a kernel or a host does not have is said, and the rest is counted`() throws {
    var kernel = SyntheticKernel(seed: 1)
    kernel.formats[.fastMemory] = nil
    let plan = try kernel.plan(for: .pvm)
    #expect(Set(plan.unavailable.keys) == ["kvm_exit", "kvm_inj_virq", "kvm_fast_mmio"])
    #expect(plan.unavailable["kvm_fast_mmio"] == "this kernel has no tracepoint kvm:kvm_fast_mmio")
    #expect(plan.unavailable["kvm_exit"]?.contains("never fires on kvm_pvm") == true)
    #expect(plan.entries.count == KVMTracepoint.allCases.count - 3)
    kernel.formats = [:]
    let none = kernel
    #expect(throws: AttachError.self) { try none.plan() }
  }

  @Test func `a record that ends too early, or means nothing, counts as lost`() throws {
    let kernel = SyntheticKernel(seed: 4)
    let plan = try kernel.plan()
    for event in Self.events {
      let data = kernel.data(event)
      var (tally, book) = (ThreadTally(plan), AddressBook())
      let index = plan.index(of: event.kind)!
      for count in 0..<8 { tally.take(event.kind, Array(data.prefix(count)), plan, &book) }
      var counts = tally.counts
      counts[index] = 8
      tally.set(counts)
      #expect(tally.lost(index) == 8)
      tally.take(event.kind, data, plan, &book)
      #expect(tally.lost(index) == 7)
    }
    var (tally, book) = (ThreadTally(plan), AddressBook())
    let strange = kernel.data(.memory(1, .write)).map { $0 == 2 ? 3 : $0 }
    tally.take(.memory, strange, plan, &book)
    #expect(book.lines.allSatisfy { $0.exits == 0 })
  }

  @Test func `records of nobody, of other types and of losses count nothing`() throws {
    let kernel = SyntheticKernel(seed: 5)
    let plan = try kernel.plan()
    var (tally, book) = (ThreadTally(plan), AddressBook())
    let data = kernel.data(.cpuid(leaf: 1))
    unsafe tally.take(nil, .sample(event: 9, data: 0..<data.count), data.span.bytes, &book)
    for record in [PerfRecord.other(type: 5), .lost(7), .malformed] {
      unsafe tally.take(nil, record, data.span.bytes, &book)
    }
    #expect(tally.records.allSatisfy { $0 == 0 })
    #expect(!tally.isVCPU)
    #expect(book.lines.allSatisfy { $0.exits == 0 })
  }

  @Test func `all events of a thread are in its tally`() throws {
    let kernel = SyntheticKernel(seed: 6)
    let plan = try kernel.plan()
    var (tally, book) = (ThreadTally(plan), AddressBook())
    for event in Self.events { tally.take(event.kind, kernel.data(event), plan, &book) }
    tally.end(&book)
    #expect(tally.isVCPU)
    #expect(tally.vcpu == 3)
    #expect(tally.records.reduce(0, +) == UInt64(Self.events.count))
    #expect(tally.userSpace == [Self.io: 1, UserSpaceReason(number: 7, errno: -4): 1])
    func line(_ space: AddressBook.Space, _ address: UInt64) -> AddressBook.Line? {
      book.lines.first { $0.space == space && $0.address == address }
    }
    #expect(line(.port, 0x3f8)?.userSpace == 1)
    #expect((line(.port, 0x60)?.exits, line(.port, 0x60)?.reads) == (1, 64))
    #expect(line(.memory, 0xfee0_00b0)?.writes == 1)
    #expect(line(.memory, 0xffff_ffff_ffff_f000)?.reads == 1)
    #expect(line(.memory, 0xd000_0050)?.writes == 1)
    #expect(line(.msr, 0xc000_0080)?.writes == 1)
    #expect(line(.cpuid, 0x4000_0000)?.exits == 1)
  }
}

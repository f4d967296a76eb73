import CKVM
import TestSupport
import Testing

@testable import KVM

/// The table that answers the CPUID instruction, and the changes made to it.
@Suite struct CPUIDTableTests {
  private typealias Entry = CPUIDTable.Entry
  private static let significant = KVM_CPUID_FLAG_SIGNIFCANT_INDEX.magnitude

  /// Leaves with and without subleaves, filled with words that a wrong mask would show in.
  private func table(_ random: inout SplitMix64) -> CPUIDTable {
    let leaves: [(UInt32, UInt32, UInt32)] = [
      (0, 0, 0), (1, 0, 0), (4, 0, Self.significant), (4, 1, Self.significant), (7, 0, Self.significant),
      (0x0b, 0, Self.significant), (0x0b, 1, Self.significant), (0x1f, 0, Self.significant),
      (0x8000_0001, 0, 0),
    ]
    return CPUIDTable(
      entries: leaves.map { leaf, subleaf, flags in
        Entry(
          leaf: leaf, subleaf: subleaf, flags: flags, eax: random.next(), ebx: random.next(),
          ecx: random.next(), edx: random.next())
      })
  }

  @Test func `a change reaches the bits of its mask in one register of one entry, and nothing else`() throws {
    var random = SplitMix64(seed: 1)
    for _ in 0..<200 {
      let before = table(&random)
      let target = Int.random(in: before.entries.indices, using: &random)
      let entry = before.entries[target]
      let register = try #require(CPUIDTable.Register.allCases.randomElement(using: &random))
      let (value, mask): (UInt32, UInt32) = (random.next(), random.next())
      var after = before
      after.set(leaf: entry.leaf, subleaf: entry.subleaf, register, to: value, mask: mask)
      var expected = before.entries
      for bit in 0..<32 where mask >> bit & 1 == 1 {
        expected[target][register] &= ~(1 << bit)
        expected[target][register] |= value & 1 << bit
      }
      #expect(after.entries == expected)
    }
  }

  @Test func `a leaf without subleaves takes a change for any subleaf`() {
    var random = SplitMix64(seed: 2)
    var changed = table(&random)
    let count = changed.entries.count
    changed.set(leaf: 1, subleaf: 5, .ecx, to: 0x1234)
    #expect(changed.entries.count == count)
    #expect(changed.entries[1].ecx == 0x1234)
  }

  @Test(arguments: [0, 3] as [UInt32]) func `a leaf that is not there is added, zero but for the change`(
    subleaf: UInt32
  ) {
    var table = CPUIDTable()
    table.set(leaf: 0x4000_0000, subleaf: subleaf, .ebx, to: 0xffff_ffff, mask: 0x0ff0)
    #expect(
      table.entries == [
        Entry(
          leaf: 0x4000_0000, subleaf: subleaf, flags: subleaf == 0 ? 0 : Self.significant, eax: 0,
          ebx: 0x0ff0, ecx: 0, edx: 0)
      ])
  }

  @Test func `a subleaf that is not there is added beside the others of its leaf`() {
    var random = SplitMix64(seed: 3)
    let before = table(&random)
    var after = before
    after.set(leaf: 4, subleaf: 9, .eax, to: 1)
    #expect(after.entries.dropLast() == before.entries[...])
    #expect(after.entries.last?.subleaf == 9)
  }

  /// What CPUID answers for a subleaf, by KVM's rule: the first entry of the leaf that has no flag or that subleaf.
  private func answer(_ table: CPUIDTable, _ leaf: UInt32, _ subleaf: UInt32) -> [UInt32]? {
    let entry = table.entries.first {
      $0.leaf == leaf && ($0.flags & Self.significant == 0 || $0.subleaf == subleaf)
    }
    return entry.map { [$0.eax, $0.ebx, $0.ecx, $0.edx] }
  }

  @Test func `subleaves of an added leaf keep apart, in whatever order they come`() {
    var random = SplitMix64(seed: 5)
    for _ in 0..<500 {
      var changes: [UInt32: UInt32] = [:]
      for _ in 0..<Int.random(in: 1...5, using: &random) {
        changes[.random(in: 0..<5, using: &random)] = random.next()
      }
      let before = table(&random)
      var after = before
      for (subleaf, value) in changes.shuffled(using: &random) {
        // In two steps, the second of which finds what the first has added.
        after.set(leaf: 0x4000_0010, subleaf: subleaf, .ebx, to: value, mask: 0xffff_0000)
        after.set(leaf: 0x4000_0010, subleaf: subleaf, .ebx, to: value, mask: 0x0000_ffff)
      }
      #expect(after.entries.prefix(before.entries.count) == before.entries[...])
      #expect(after.entries.count == before.entries.count + changes.count)
      let isWhole = Array(changes.keys) == [0]
      for subleaf in 0 as UInt32..<7 {
        let expected = (changes[subleaf] ?? (isWhole ? changes[0] : nil)).map { [0, $0, 0, 0] }
        #expect(answer(after, 0x4000_0010, subleaf) == expected)
      }
    }
  }

  @Test func `subleaf 0 alone answers for every ECX, until another comes`() {
    var table = CPUIDTable()
    table.set(leaf: 0x4000_0010, .eax, to: 1)
    #expect(answer(table, 0x4000_0010, 9) == [1, 0, 0, 0])
    table.set(leaf: 0x4000_0010, subleaf: 1, .eax, to: 2)
    #expect(answer(table, 0x4000_0010, 0) == [1, 0, 0, 0])
    #expect(answer(table, 0x4000_0010, 1) == [2, 0, 0, 0])
    #expect(answer(table, 0x4000_0010, 9) == nil)
  }

  @Test func `a change of one leaf leaves the flags of every other`() {
    var random = SplitMix64(seed: 6)
    let before = table(&random)
    var after = before
    after.set(leaf: 0x4000_0010, .eax, to: 1)
    after.set(leaf: 0x4000_0011, subleaf: 1, .eax, to: 1)
    after.set(leaf: 1, subleaf: 3, .eax, to: 1)
    #expect(after.entries.map(\.flags) == before.entries.map(\.flags) + [0, Self.significant])
  }

  @Test(arguments: [(0, 1), (0, 2), (1, 2), (3, 4), (200, 255), (255, 256), (300, 301)])
  func `each vCPU finds its own APIC identifier and the number of them all`(index: Int, count: Int) throws {
    var random = SplitMix64(seed: 4)
    let table = table(&random)
    let own = table.forCPU(index, of: count, hasLocalAPIC: true)
    let one = try #require(own.entries.first { $0.leaf == 1 })
    #expect(one.ebx >> 24 == UInt32(index) & 0xff)
    #expect(one.ebx >> 16 & 0xff == UInt32(min(count, 255)))
    #expect(one.ebx & 0xffff == table.entries[1].ebx & 0xffff)
    #expect(one.edx == table.entries[1].edx | (count > 1 ? 1 << 28 : 0))
    #expect(one.ecx == table.entries[1].ecx)
    for entry in own.entries where [0x0b, 0x1f].contains(entry.leaf) { #expect(entry.edx == UInt32(index)) }
    #expect(
      own.entries.filter { ![1, 0x0b, 0x1f].contains($0.leaf) }
        == table.entries.filter { ![1, 0x0b, 0x1f].contains($0.leaf) })
  }

  @Test func `without a LAPIC there is no word of APIC, x2APIC and the deadline timer`() {
    var table = CPUIDTable()
    for register in CPUIDTable.Register.allCases { table.set(leaf: 1, register, to: ~0) }
    let one = table.forCPU(0, of: 1, hasLocalAPIC: false).entries[0]
    #expect(one.edx == UInt32.max ^ 1 << 9)
    #expect(one.ecx == UInt32.max ^ (1 << 21 | 1 << 24))
  }

  @Test(.requiresKVM) func `KVM gives a table, and a vCPU takes it with its changes`() throws {
    let system = try System()
    var table = try system.supportedCPUID()
    #expect(table.entries.contains { $0.leaf == 0 && $0.eax >= 1 })
    let one = try #require(table.entries.first { $0.leaf == 1 })
    #expect((one.ecx >> 31 == 1) == table.entries.contains { $0.leaf == 0x4000_0000 }, "a hypervisor is here")
    table.set(leaf: 0x4000_0000, .ebx, to: 0x6d6d_7653)
    let vcpu = try system.makeVirtualMachine().makeVCPU(0)
    try vcpu.setCPUID(table.forCPU(0, of: 1, hasLocalAPIC: false))
  }
}

extension SplitMix64 {
  fileprivate mutating func next() -> UInt32 { .random(in: 0...(.max), using: &self) }
}

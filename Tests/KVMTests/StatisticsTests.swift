import CKVM
import Foundation
import TestSupport
import Testing

@testable import KVM

/// The decoder of KVM's statistics, against files that a test writes.
struct StatisticsTests {
  private struct Counter {
    var name: String
    var flags: UInt32
    var exponent: Int16 = 0
    var values: [UInt64] = [0]
    var bucketSize: UInt32 = 0
  }

  /// A statistics file as KVM lays it out, with gaps between its parts.
  private func open(
    _ counters: [Counter], nameSize: Int = 48, change: (inout kvm_stats_header) -> Void = { _ in },
    cut: Int = 0
  ) throws -> Statistics {
    var header = kvm_stats_header()
    let fixed = MemoryLayout<kvm_stats_desc>.size
    header.name_size = UInt32(nameSize)
    header.num_desc = UInt32(counters.count)
    header.desc_offset = 72
    header.data_offset = header.desc_offset + UInt32(counters.count * (fixed + nameSize)) + 16
    var descriptions = Data()
    var data = Data()
    for counter in counters {
      var fields = kvm_stats_desc()
      fields.flags = counter.flags
      fields.exponent = counter.exponent
      fields.size = UInt16(counter.values.count)
      fields.offset = UInt32(data.count)
      fields.bucket_size = counter.bucketSize
      descriptions += unsafe withUnsafeBytes(of: fields) { unsafe Data($0) }
      descriptions += Data(counter.name.utf8) + Data(repeating: 0, count: nameSize - counter.name.utf8.count)
      for value in counter.values { data += unsafe withUnsafeBytes(of: value) { unsafe Data($0) } }
    }
    change(&header)
    var file = unsafe withUnsafeBytes(of: header) { unsafe Data($0) }
    file +=
      Data(repeating: 0xee, count: 72 - file.count) + descriptions + Data(repeating: 0xee, count: 16) + data
    let url = FileManager.default.temporaryDirectory.appending(path: "statistics-\(UUID().uuidString)")
    try file.dropLast(cut).write(to: url)
    defer { try? FileManager.default.removeItem(at: url) }
    let number = unsafe Foundation.open(url.path, O_RDONLY)
    try #require(number >= 0)
    return try Statistics(descriptor: Descriptor(owning: number))
  }

  @Test func `counters come back as they were written`() throws {
    let statistics = try open([
      Counter(name: "exits", flags: KVM_STATS_TYPE_CUMULATIVE_, values: [42]),
      Counter(name: "nx_lpage_splits", flags: KVM_STATS_TYPE_INSTANT_, values: [3]),
      Counter(name: "max", flags: KVM_STATS_TYPE_PEAK_ | KVM_STATS_UNIT_BYTES_, values: [7]),
      Counter(
        name: "halt_wait_ns", flags: KVM_STATS_TYPE_CUMULATIVE_ | KVM_STATS_UNIT_SECONDS_, exponent: -9,
        values: [5]),
      Counter(
        name: "hist", flags: KVM_STATS_TYPE_LOG_HIST_ | KVM_STATS_UNIT_SECONDS_, exponent: -9,
        values: [1, 2, 3, 4]),
      Counter(name: "linear", flags: KVM_STATS_TYPE_LINEAR_HIST_, values: [9, 8], bucketSize: 100),
      Counter(name: "pages", flags: KVM_STATS_BASE_POW2_ | KVM_STATS_UNIT_BYTES_, exponent: 12, values: [6]),
    ])
    #expect(statistics["exits"] == 42)
    #expect(statistics["pages"] == 6)
    #expect(statistics["no such counter"] == nil)
    let all = statistics.descriptions
    #expect(
      all.map(\.kind) == [
        .cumulative, .instant, .peak, .cumulative, .logarithmicHistogram, .linearHistogram, .cumulative,
      ])
    #expect(all.map(\.unit) == [.none, .none, .bytes, .seconds, .seconds, .none, .bytes])
    #expect(abs(all[3].scale - 1e-9) < 1e-20)
    #expect(all[6].scale == 4096)
    #expect(statistics.values(of: all[4]) == [1, 2, 3, 4])
    #expect(statistics.values(of: all[5]) == [9, 8])
    #expect(all[5].bucketSize == 100)
  }

  @Test func `a kind and a unit that nobody knows keep their numbers, and their neighbours their values`()
    throws
  {
    let statistics = try open([
      Counter(name: "new", flags: 0xf | 0xf0, exponent: -300, values: [1, 2]),
      Counter(name: "old", flags: 0, values: [77]),
    ])
    #expect(statistics.descriptions[0].kind == .unknown(0xf))
    #expect(statistics.descriptions[0].unit == .unknown(0xf0))
    #expect(statistics.descriptions[0].unit.name == "unknown(240)")
    #expect(statistics.descriptions[0].scale.isFinite)
    #expect(statistics["old"] == 77)
  }

  @Test func `names may be longer than today's`() throws {
    let name = String(repeating: "n", count: 200)
    let statistics = try open([Counter(name: name, flags: 0, values: [8])], nameSize: 256)
    #expect(statistics[name] == 8)
  }

  @Test func `a header that makes no sense is an error, not a crash`() throws {
    for change: (inout kvm_stats_header) -> Void in [
      { $0.num_desc = .max }, { $0.name_size = .max },
    ] {
      do throws(KVMError) {
        _ = try open(for: change)
        Issue.record("opened")
      } catch { #expect(error.errno == EIO) }
    }
  }

  private func open(for change: (inout kvm_stats_header) -> Void) throws(KVMError) -> Bool {
    do {
      _ = try open([Counter(name: "a", flags: 0)], change: change)
      return true
    } catch let error as KVMError { throw error } catch { return true }
  }

  @Test func `a file that is cut anywhere, and offsets that lead nowhere, give fewer values and no crash`()
    throws
  {
    let counters = [
      Counter(name: "one", flags: 0, values: [1]), Counter(name: "two", flags: 0, values: [2, 3, 4]),
    ]
    for cut in 0..<150 {
      guard let statistics = try? open(counters, cut: cut) else { continue }
      for description in statistics.descriptions {
        if let values = statistics.values(of: description) { #expect(values.count == description.count) }
      }
      #expect((statistics["two"] == 2) == (cut == 0), "the last values end the file")
    }
    for offset: UInt32 in [0, 1, 71, 1 << 20, .max] {
      let statistics = try open(counters) { $0.data_offset = offset }
      _ = statistics["one"]
      let other = try open(counters) { $0.desc_offset = offset }
      for description in other.descriptions { _ = other.values(of: description) }
    }
  }

  @Test(.requiresKVM, .requires(.binaryStatistics))
  func `this host's own counters can be read, each of them`() throws {
    let vm = try System().makeVirtualMachine()
    let vcpu = try vm.makeVCPU(0)
    for statistics in [try vm.statistics().summary, try vcpu.statistics().summary] {
      #expect(!statistics.isEmpty)
      #expect(statistics.allSatisfy { $0.values != nil && !$0.name.isEmpty })
    }
  }
}

extension Statistics {
  fileprivate var summary: [(name: String, values: [UInt64]?)] {
    descriptions.map { ($0.name, values(of: $0)) }
  }
}

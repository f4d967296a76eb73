import Testing

@testable import Witness

struct TracepointSelectionTests {
  @Test func `a relation without its filters names the events alone`() {
    let all = TracepointSelection("kvm_exit")
    let some = TracepointSelection("kvm_pio", "port", in: [1...1, 4...7], where: "rw == 1")
    #expect(all.description.withoutFilters == "kvm_exit")
    #expect(some.description == "kvm_pio{(rw == 1) && (port == 1 || (port >= 4 && port <= 7))}")
    #expect("ledger = \(some) + \(all) + \(some)".withoutFilters == "ledger = kvm_pio + kvm_exit + kvm_pio")
    #expect("".withoutFilters == "")
  }
}

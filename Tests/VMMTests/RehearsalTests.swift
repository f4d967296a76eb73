import Testing

@testable import VMM

struct RehearsalTests {
  @Test func `each call is one line in the ledger, and no other`() throws {
    let rehearsal = try Rehearsal()
    #expect((rehearsal.dispatched, rehearsal.recorded) == (0, 0))
    for _ in 0..<100 { rehearsal.dispatch() }
    #expect((rehearsal.dispatched, rehearsal.recorded) == (100, 0))
    for _ in 0..<40 { rehearsal.record() }
    #expect((rehearsal.dispatched, rehearsal.recorded) == (100, 40))
  }
}

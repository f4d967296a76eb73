import Board
import Console
import Guests
import KVM
import TestSupport
import Testing
import VMM

/// KVM_CAP_HALT_POLL, which takes a guest that halts again and again to be seen.
@Suite(.requiresKVM, .requires(.haltPoll)) struct HaltPollingTests {
  @Test(arguments: [0, 1_000_000_000] as [UInt32])
  func `KVM looks for the interrupt of a vCPU that halts, or lets it sleep`(nanoseconds: UInt32) throws {
    Signals.prepare()
    // KVM begins to look once a vCPU has slept, for longer each time.
    var request = GuestRequest("builtin:survey", commandLine: "op=halt at=200000 count=100")
    request.adjust = { $0.haltPolling = nanoseconds }
    let session = try Session(request, output: GuestOutput(descriptor: -1))
    let report = try session.run(Board.RunOptions(), counts: nil)
    #expect(report.outcome.status == 0)
    let statistics = try #require(session.board.machine.vcpus.first).statistics()
    #expect(statistics["halt_exits"] == 100)
    #expect((try #require(statistics["halt_attempted_poll"]) > 0) == (nanoseconds > 0))
  }
}

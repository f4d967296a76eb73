import TestSupport
import Testing
import VMM

@testable import NetBackends

@Suite("Nobody at the far end")
struct NobodyTests {
  @Test("takes whatever it is, and has nothing to say or to give")
  func takesAll() {
    let nobody = Nobody()
    let frame = HostBuffer(count: 100)
    #expect(nobody.accepts == .all)
    nobody.transmit(frame.view)
    nobody.flush()
    #expect(nobody.nextLength == nil)
    #expect([nobody.lost, nobody.corrupt, nobody.dropped] == [0, 0, 0])
  }
}

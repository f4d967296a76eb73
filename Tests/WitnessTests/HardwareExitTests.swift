import Foundation
import HostFacts
import TestSupport
import Testing

@testable import Witness

/// The hardware's exits as the tracepoint kvm_exit tells them apart.
struct HardwareExitTests {
  @Test(arguments: HardwareExit.allCases)
  func `a kind has its own codes on each vendor's processors, and none where there are none`(
    kind: HardwareExit
  )
    throws
  {
    for host in [HostKind.vtx, .svm] {
      let selection = try #require(kind.selection(on: host))
      #expect(selection.event == "kvm_exit")
      #expect(selection.filter.isEmpty == (kind == .all))
      let others = HardwareExit.allCases.filter { $0 != kind }.compactMap { $0.selection(on: host) }
      #expect(!others.contains(selection))
    }
    #expect(kind.selection(on: .pvm) == nil)
    #expect(kind.selection(on: .unknown, at: 0x7000) == nil)
  }

  @Test(.requiresKVM, .enabled(if: geteuid() == 0), arguments: HardwareExit.allCases)
  func `the kernel takes its filters, with an address and without`(kind: HardwareExit) throws {
    for host in [HostKind.vtx, .svm] {
      for address in [nil, 0x7000] as [UInt64?] {
        let selection = try #require(kind.selection(on: host, at: address))
        // Nothing exits on this thread.
        #expect(try TracepointWitness([selection]).count(selection) == 0, "\(selection)")
      }
    }
  }
}

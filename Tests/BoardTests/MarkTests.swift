import Console
import E1000
import KVM
import PCI
import Serial
import Synchronization
import TestSupport
import Testing

@testable import Board
@testable import VMM

/// A mark closes the gates of several devices, beside whatever the other vCPUs do.
struct MarkTests {
  /// A board whose marks can be taken, though its guest does not run.
  private func board() throws -> (Board, MarkSource) {
    let board = try Board(
      MachineConfiguration(), nics: [NICSpecification("e1000"), NICSpecification("virtio-net")],
      output: GuestOutput(descriptor: -1), on: try System())
    let marks = MarkSource()
    marks.set(board.machine, board.devices, onMark: { _ in })
    return (board, marks)
  }

  /// Marks on a thread of its own while `device` is in use, until `isAsWanted` or for ten seconds; then lets the mark go on.
  private func mark(
    _ marks: MarkSource, whileIn device: Device, isAsWanted: (borrowing Atomic<Bool>) -> Bool
  ) -> Bool {
    let done = Done()
    return device.exclusively {
      onThread {
        _ = marks.snapshot(isBegin: true)
        done.flag.store(true, ordering: .releasing)
      }
      let deadline = ContinuousClock.now + .seconds(10)
      while ContinuousClock.now < deadline {
        if isAsWanted(done.flag) { return true }
      }
      return false
    }
  }

  private final class Done: Sendable {
    let flag = Atomic<Bool>(false)
  }

  /// Such a vCPU goes on into a NIC, whose gate the mark has closed.
  @Test(.requiresKVM) func `a mark does not wait for a vCPU in the PCI host`() throws {
    let (board, marks) = try board()
    let host = try #require(board.devices.first { $0 is PCIHost })
    #expect(mark(marks, whileIn: host) { $0.load(ordering: .acquiring) })
  }

  /// It stays there while nobody reads the guest's output; the supervisor must end the run all the same.
  @Test(.requiresKVM) func `a mark that waits for the UART leaves the NICs open`() throws {
    let (board, marks) = try board()
    let uart = try #require(board.devices.first { $0 is UART })
    let nic = try #require(board.devices.first { $0 is E1000 })
    #expect(mark(marks, whileIn: uart) { _ in uart.gate.isAwaited && nic.ifFree { true } == true })
  }
}

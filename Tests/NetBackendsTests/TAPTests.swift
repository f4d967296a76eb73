import NetBackends
import Synchronization
import TestSupport
import Testing
import VMM

@Suite("The TAP", .requiresTAP)
struct TAPTests {
  /// A TAP that is up, in a namespace of its own, the kernel's side of it, and the faults it told of.
  private func withTAP(_ body: @escaping (TAP, PacketSocket, Lines) throws -> Void) {
    inNetworkNamespace { _ in
      do {
        let tap = try TAP(interface: "t0")
        #expect(setInterface("t0", up: true))
        let lines = Lines()
        tap.onFault = { lines.add($0) }
        try body(tap, try #require(PacketSocket("t0")), lines)
      } catch {
        Issue.record(error)
      }
    }
  }

  @Test("frames pass in both directions, in pieces and whole")
  func both() {
    withTAP { tap, kernel, _ in
      let frame = frameBytes(1, length: 101)
      let pieces = Pieces(frame, cut: [3, 0, 40])
      let views = pieces.views
      tap.transmit(views.span, .none)
      extendLifetime(pieces)
      #expect(kernel.receive() == frame)
      #expect(tap.nextLength == nil)
      #expect(kernel.send(frame))
      #expect(tap.nextLength == 101)
      #expect(tap.nextOffload == .none)
      #expect(tap.take(cut: [50, 51]) == frame)
      #expect(tap.nextLength == nil)
      #expect(tap.dropped == 0)
    }
  }

  @Test("a large frame reaches the kernel with what is to be done to it")
  func large() {
    withTAP { tap, kernel, _ in
      let source = Source(size: 65214, frames: 0, station: [2, 0, 0, 0, 0, 1])
      source.guestAccepts(.all)
      let offload = source.nextOffload
      let frame = source.take(cut: [65214])
      let pieces = Pieces(frame, cut: [])
      let views = pieces.views
      tap.transmit(views.span, offload)
      #expect(kernel.receive() == frame)
      var refused = offload
      refused.segmentSize = 0
      tap.transmit(views.span, refused)
      #expect(tap.dropped == 1)
      extendLifetime(pieces)
    }
  }

  @Test("a TAP that is down drops and says so once, and goes on when it is up again")
  func down() {
    withTAP { tap, kernel, lines in
      for _ in 0..<2 {
        #expect(setInterface("t0", up: false))
        for _ in 0..<3 { tap.transmit(0) }
        #expect(tap.nextLength == nil)
        #expect(setInterface("t0", up: true))
        while kernel.receive(milliseconds: 0) != nil {}
        tap.transmit(7)
        #expect(kernel.receive() == frameBytes(7, length: 64))
      }
      #expect(tap.dropped == 6)
      #expect(
        lines.all
          == Array(
            repeating:
              "TAP t0: it is down; 'ip link set t0 up' as root; frames are dropped until it takes them again",
            count: 2))
    }
  }

  @Test(
    "a TAP that was deleted is taken again once it is back, also if the guest sends nothing meanwhile",
    .requires(program: "ip"), arguments: [true, false])
  func deleted(sends: Bool) {
    withTAP { tap, _, lines in
      try run("ip", "link", "delete", "t0")
      if sends { tap.transmit(0) }
      #expect(tap.nextLength == nil)
      #expect(lines.all == ["TAP t0: it was deleted; frames are dropped until it takes them again"])
      try run("ip", "tuntap", "add", "t0", "mode", "tap")
      #expect(setInterface("t0", up: true))
      let kernel = try #require(PacketSocket("t0"))
      let waiting = tap.descriptor
      var tries = 0
      while tap.descriptor == waiting, tries < 100 {
        // As whoever waits for the descriptor does it.
        #expect(isReady(tap))
        if sends { tap.transmit(1) } else { _ = tap.nextLength }
        tries += 1
      }
      while kernel.receive(milliseconds: 0) != nil {}
      tap.transmit(2)
      #expect(kernel.receive() == frameBytes(2, length: 64))
      #expect(lines.all.count == 1)
    }
  }

  @Test("an interface that is none, or taken, is one line")
  func refused() {
    withTAP { _, _, _ in
      #expect(throws: (any Error).self) { try TAP(interface: "lo") }
      do {
        _ = try TAP(interface: "t0")
        Issue.record("taken twice")
      } catch {
        #expect("\(error)" == "TAP t0: Device or resource busy; another process or NIC has it")
      }
    }
  }
}

/// Lines that somebody said.
final class Lines: Sendable {
  private let lines = Mutex<[String]>([])

  func add(_ line: String) {
    lines.withLock { $0.append(line) }
  }

  var all: [String] { lines.withLock { $0 } }
}

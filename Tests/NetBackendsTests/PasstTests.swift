import CLinux
import Foundation
import NetBackends
import TestSupport
import Testing
import VMM

/// Somebody who listens where passt would, and reads and writes as slowly as it likes.
final class FakePasst {
  let path = "/tmp/swiftvmm-\(UUID().uuidString).socket"
  private let listener: Int32
  private(set) var peer: Int32 = -1

  init() {
    listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    _ = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(listener, $0, size) }
    }
    listen(listener, 4)
  }

  deinit {
    hangUp()
    close(listener)
    _ = unsafe unlink(path)
  }

  /// Whether somebody waits to be answered.
  var isCalled: Bool {
    var item = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&item, 1, 0) == 1
  }

  func answer() { peer = accept(listener, nil, nil) }

  func hangUp() {
    if peer >= 0 { close(peer) }
    peer = -1
  }

  func send(_ bytes: [UInt8]) {
    #expect(unsafe bytes.withUnsafeBytes { unsafe write(peer, $0.baseAddress, $0.count) } == bytes.count)
  }

  /// So many bytes, waited for.
  func receive(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let step = unsafe bytes.withUnsafeMutableBytes {
        unsafe read(peer, $0.baseAddress! + done, count - done)
      }
      guard step > 0 else { break }
      done += step
    }
    return Array(bytes.prefix(done))
  }
}

@Suite("passt")
struct PasstTests {
  private let fake = FakePasst()

  private func connected(_ lines: Lines = Lines()) throws -> Passt {
    let passt = try Passt(path: fake.path)
    passt.onFault = { lines.add($0) }
    fake.answer()
    return passt
  }

  private func framed(_ frame: [UInt8]) -> [UInt8] {
    [0, 0, UInt8(frame.count >> 8), UInt8(frame.count & 255)] + frame
  }

  @Test("frames pass behind their lengths, also those that arrive byte by byte or two at once")
  func both() throws {
    let passt = try connected()
    let frames = (0..<3).map { frameBytes($0, length: 60 + Int($0)) }
    let pieces = Pieces(frames[1], cut: [14, 0, 20])
    let views = pieces.views
    passt.transmit(views.span, .none)
    extendLifetime(pieces)
    #expect(fake.receive(65) == framed(frames[1]))
    for byte in framed(frames[0]) {
      #expect(passt.nextLength == nil)
      fake.send([byte])
      #expect(isReady(passt))
    }
    #expect(passt.take(cut: [60]) == frames[0])
    fake.send(framed(frames[1]) + framed(frames[2]))
    #expect(passt.take(cut: [10, 51]) == frames[1])
    #expect(passt.take(cut: [62]) == frames[2])
    #expect(passt.nextLength == nil)
    #expect(passt.dropped == 0)
  }

  @Test("a peer that does not read costs frames, counted, but never half a frame, and no wait")
  func slow() throws {
    let lines = Lines()
    let passt = try connected(lines)
    let count: UInt64 = 2000
    for number in 0..<count { passt.transmit(number, length: 1500) }
    #expect(passt.dropped > 0 && passt.dropped < count)
    let kept = count - passt.dropped
    for number in 0..<kept {
      // What waits goes on as soon as there is room, without a frame of the guest's.
      if number % 16 == 0 { _ = passt.nextLength }
      guard fake.receive(1504) == framed(frameBytes(number, length: 1500)) else {
        Issue.record("frame \(number) of \(kept)")
        return
      }
    }
    #expect(passt.nextLength == nil)
    passt.transmit(9)
    #expect(fake.receive(68) == framed(frameBytes(9, length: 64)))
    #expect(lines.all == ["passt at \(fake.path) does not keep up: frames are dropped"])
  }

  @Test("a peer that went away costs frames and one line, and is found when it is back")
  func gone() throws {
    let lines = Lines()
    let passt = try connected(lines)
    for round in 1...2 as ClosedRange<UInt64> {
      fake.send([0, 0])
      _ = passt.nextLength
      fake.hangUp()
      #expect(isReady(passt))
      #expect(passt.nextLength == nil)
      passt.transmit(0)
      #expect(lines.all.count == Int(round))
      // The timer rings, and whoever waits for the descriptor asks again.
      var tries = 0
      repeat {
        #expect(isReady(passt))
        _ = passt.nextLength
        tries += 1
      } while !fake.isCalled && tries < 100
      fake.answer()
      passt.transmit(1)
      #expect(fake.receive(68) == framed(frameBytes(1, length: 64)))
      fake.send(framed(frameBytes(2, length: 60)))
      #expect(isReady(passt))
      #expect(passt.take(cut: [60]) == frameBytes(2, length: 60))
      #expect(passt.dropped == round)
    }
    #expect(
      lines.all[0] == "passt at \(fake.path) closed the connection: frames are dropped until it is back")
  }

  @Test("whole frames that came before the peer went away are still the guest's, a part of one is not")
  func lastFrames() throws {
    let lines = Lines()
    let passt = try connected(lines)
    fake.send(
      (1...3).flatMap { framed(frameBytes($0, length: 60)) } + framed(frameBytes(4, length: 60)).dropLast())
    #expect(passt.nextLength == 60)
    fake.hangUp()
    var sent: UInt64 = 0
    repeat {
      passt.transmit(0)
      sent += 1
    } while lines.all.isEmpty && sent < 10
    for number in 1...3 as ClosedRange<UInt64> {
      #expect(passt.take(cut: [60]) == frameBytes(number, length: 60))
    }
    #expect(passt.nextLength == nil)
    #expect(passt.dropped == sent)
  }

  @Test(
    "a peer that lost its place in the stream is hung up on, and begins anew",
    arguments: [[0, 0, 0, 0], [0, 1, 0, 15], [255, 0, 0, 0]])
  func unsound(prefix: [UInt8]) throws {
    let lines = Lines()
    let passt = try connected(lines)
    fake.send(prefix)
    #expect(passt.nextLength == nil)
    #expect(fake.receive(1) == [])
    #expect(lines.all.count == 1)
    for _ in 0..<100 where !fake.isCalled {
      #expect(isReady(passt))
      #expect(passt.nextLength == nil)
    }
    fake.answer()
    fake.send(framed(frameBytes(1, length: 60)))
    #expect(isReady(passt))
    #expect(passt.take(cut: [60]) == frameBytes(1, length: 60))
    #expect(lines.all.count == 1)
  }

  @Test("nobody there is one line")
  func nobody() {
    do {
      _ = try Passt(path: "/nowhere/passt.socket")
      Issue.record("connected")
    } catch {
      #expect(
        "\(error)"
          == "/nowhere/passt.socket: No such file or directory; is passt running? 'passt --socket /nowhere/passt.socket' starts it"
      )
    }
  }
}

import TestSupport
import Testing
import VMM

@testable import PIC

@Suite("8259A pair")
struct ControllerTests {
  @Test("each input has its vector, and the slave's come through the cascade")
  func vectors() {
    for number in 0..<16 where number != 2 {
      let board = Board()
      #expect(!board.pair.hasPending)
      board.raise(number)
      #expect(board.pair.hasPending)
      #expect(board.pair.acknowledge() == 0x20 + UInt8(number))
      #expect(!board.pair.hasPending)
      #expect(board.inService(.master) == (number < 8 ? 1 << UInt8(number) : 0x04))
      #expect(board.inService(.slave) == (number < 8 ? 0 : 1 << UInt8(number - 8)))
      #expect(board.outputs == [true, false])
    }
  }

  @Test("an uninitialised chip takes a mask, so that a guest can find it, and raises nothing")
  func powerOn() {
    let board = Board(initialised: false)
    board.data(.slave, 0xff)
    board.data(.master, 0xf7)
    #expect(board.readData(.master) == 0xf7)
    board.raise(3)
    #expect(!board.pair.hasPending)
    board.initialise(.master)
    #expect(!board.pair.hasPending, "the edge came before the initialisation")
    board.lower(3)
    board.raise(3)
    #expect(board.pair.acknowledge() == 0x23)
  }

  @Test("nothing is raised between ICW1 and the last ICW, and these leave the mask empty")
  func sequence() {
    let board = Board()
    board.data(.master, 0xff)
    board.command(.master, 0x11)
    board.raise(4)
    for word in [UInt8(0x47), 0x04, 0x01] {
      #expect(!board.pair.hasPending)
      board.data(.master, word)
    }
    #expect(board.readData(.master) == 0)
    #expect(board.pair.hasPending)
    #expect(board.pair.acknowledge() == 0x44, "the low three bits of ICW2 are the level's")
  }

  @Test("the first of two standing requests is the higher, the second waits for the end of the first")
  func fullyNested() {
    let board = Board()
    board.raise(6, 3)
    #expect(board.pair.acknowledge() == 0x23)
    #expect(!board.pair.hasPending)
    board.raise(1)
    #expect(board.pair.acknowledge() == 0x21)
    board.command(.master, 0x20)
    #expect(board.inService(.master) == 0x08)
    #expect(!board.pair.hasPending)
    board.command(.master, 0x20)
    #expect(board.pair.acknowledge() == 0x26)
  }

  @Test("the slave's inputs rank between IRQ 1 and IRQ 3")
  func cascadeRank() {
    let board = Board()
    board.raise(15, 3, 8, 1)
    var vectors: [UInt8] = []
    while board.pair.hasPending {
      let vector = board.pair.acknowledge()
      vectors.append(vector)
      if vector >= 0x28 { board.command(.slave, 0x20) }
      board.command(.master, 0x20)
    }
    #expect(vectors == [0x21, 0x28, 0x2f, 0x23])
  }

  @Test("a higher request of a slave in service comes through in special fully nested mode only")
  func specialFullyNested() {
    for isSpecial in [false, true] {
      let board = Board()
      board.initialise(.master, icw4: isSpecial ? 0x11 : 0x01)
      board.raise(12)
      _ = board.pair.acknowledge()
      board.raise(9)
      #expect(board.pair.hasPending == isSpecial)
    }
  }

  @Test("with automatic EOI nothing stays in service, and all of a slave's requests come one by one")
  func automaticEOI() {
    let board = Board()
    board.initialise(.master, icw4: 0x03)
    board.initialise(.slave, icw4: 0x03)
    board.raise(9, 11, 14, 5)
    #expect(board.takeAll() == [0x29, 0x2b, 0x2e, 0x25])
    #expect(board.inService(.master) == 0 && board.inService(.slave) == 0)
  }

  @Test("rotation in automatic EOI mode serves equal devices in turn")
  func automaticRotation() {
    let board = Board()
    board.initialise(.master, icw4: 0x03)
    board.command(.master, 0x80)
    board.levels(0xf8, 0)
    board.raise(3, 4, 5)
    #expect((0..<6).map { _ in board.pair.acknowledge() } == [0x23, 0x24, 0x25, 0x23, 0x24, 0x25])
  }

  @Test("rotation on EOI puts the level served at the bottom")
  func rotation() {
    let board = Board()
    board.levels(0xf8, 0)
    board.raise(3, 6)
    #expect(board.pair.acknowledge() == 0x23)
    board.command(.master, 0xa0)
    #expect(board.pair.acknowledge() == 0x26)
    board.command(.master, 0xe6)
    #expect(board.pair.acknowledge() == 0x23)
  }

  @Test("setting the priority makes every level the top, and the others follow in their circle")
  func setPriority() {
    for lowest in 0..<8 {
      let board = Board()
      board.initialise(.master, icw4: 0x03)
      board.command(.master, 0xc0 | UInt8(lowest))
      board.raise(0, 1, 3, 4, 5, 6, 7)
      let expected = (1...8).map { (lowest + $0) % 8 }.filter { $0 != 2 }
      #expect(board.takeAll() == expected.map { 0x20 + UInt8($0) })
    }
  }

  @Test("special mask mode lets lower levels in while a masked one is in service")
  func specialMask() {
    let board = Board()
    board.raise(3)
    _ = board.pair.acknowledge()
    board.raise(6)
    board.data(.master, 0x08)
    #expect(!board.pair.hasPending)
    board.command(.master, 0x68)
    #expect(board.pair.acknowledge() == 0x26)
    // A non-specific EOI passes over the masked level.
    board.command(.master, 0x20)
    board.command(.master, 0x20)
    #expect(board.inService(.master) == 0x08)
    board.command(.master, 0x63)
    #expect(board.inService(.master) == 0)
  }

  @Test("an edge asks once, a level as long as it lasts")
  func edgeAndLevel() {
    for (elcr, again) in [(UInt8(0x00), false), (0x20, true)] {
      let board = Board()
      board.levels(elcr, 0)
      board.raise(5)
      _ = board.pair.acknowledge()
      board.command(.master, 0x20)
      #expect(board.pair.hasPending == again)
      board.lower(5)
      #expect(!board.pair.hasPending)
    }
  }

  @Test("ELCR keeps the inputs of timer, keyboard, cascade, clock and coprocessor edge-triggered")
  func edgeLevelControl() {
    let board = Board()
    board.levels(0xff, 0xff)
    #expect(board.read(2, 0) == 0xf8)
    #expect(board.read(2, 1) == 0xde)
    board.initialise(.master)
    #expect(board.read(2, 0) == 0xf8, "the chip set's, not the 8259A's")
  }

  @Test("a request gone before the acknowledge gives the vector of IR7, with nothing in service")
  func spuriousOfMaster() {
    let board = Board()
    for number in [4, 12] {
      board.raise(number)
      board.lower(number)
      #expect(!board.pair.hasPending)
      #expect(board.pair.acknowledge() == 0x27)
      #expect(board.inService(.master) == 0 && board.inService(.slave) == 0)
    }
  }

  /// Both INTA pulses of the pair are one step here, so its slave can't lose a request between them; the rule
  /// is the chip's and holds for each.
  @Test("a chip without a request answers 7 and has nothing in service, whatever its priorities are")
  func spuriousOfChip() {
    for lowest in UInt8(0)..<8 {
      var chip = Controller8259A()
      for word in [UInt8(0x70), 0x02, 0x01] {
        if chip.step == .powerOn { chip.writeCommand(0x11) }
        #expect(chip.writeData(word, cascade: 0x02) == nil)
      }
      chip.writeCommand(0xc0 | lowest)
      #expect(chip.acknowledge() == 7)
      #expect(chip.inService == 0)
    }
  }

  @Test("a poll acknowledges like the CPU, and only the next read is the poll")
  func poll() {
    let board = Board()
    #expect(board.poll(.master) & 0x80 == 0)
    board.raise(5)
    #expect(board.poll(.master) == 0x85)
    #expect(!board.pair.hasPending)
    #expect(board.inService(.master) == 0x20)
    board.raise(11)
    #expect(board.poll(.master) == 0x82)
    #expect(board.poll(.slave) == 0x83)
    #expect(board.inService(.slave) == 0x08)
    board.command(.master, 0x0c)
    _ = board.readData(.master)
    #expect(board.readData(.master) == 0)
  }

  @Test("lines on one input are wired as an OR")
  func sharedInput() {
    let board = Board()
    board.levels(0x20, 0)
    let second = board.pair.line(5)
    board.raise(5)
    second.set(true)
    board.lower(5)
    #expect(board.pair.hasPending)
    second.set(false)
    #expect(!board.pair.hasPending)
  }

  @Test("a single master takes IR2 for an input like any other")
  func single() {
    let board = Board()
    board.initialise(.master, icw1: 0x13)
    board.raise(9)
    #expect(board.pair.acknowledge() == 0x22)
    #expect(board.inService(.slave) == 0)
  }

  @Test("words for another machine are faults, and the pair works on")
  func misprogramming() {
    let board = Board(initialised: false)
    board.command(.master, 0x11)
    for word in [UInt8(0x20), 0x80, 0x00] { board.data(.master, word) }
    board.initialise(.slave, icw1: 0x10)
    #expect(board.pair.faults.lines.count == 3)
    #expect(board.pair.faults.lines[0].contains("ICW3"))
    #expect(board.pair.faults.lines[1].contains("ICW4"))
    board.raise(9)
    #expect(board.pair.acknowledge() == 0x29)
  }

  @Test("lines that threads drive while the CPU takes interrupts end up as they were left")
  func threads() async {
    let board = Board()
    board.levels(0x20, 0)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<3 {
        let line = board.pair.line(5)
        group.addTask {
          for turn in 0..<20_000 { line.set(turn % 2 == 0) }
        }
      }
      group.addTask {
        for _ in 0..<20_000 where board.pair.hasPending {
          _ = board.pair.acknowledge()
          board.command(.master, 0x20)
        }
      }
    }
    board.command(.master, 0x20)
    #expect(board.requests(.master) == 0, "an edge lost or counted twice holds the input")
    board.raise(5)
    #expect(board.pair.acknowledge() == 0x25)
    board.lower(5)
    #expect(board.requests(.master) == 0)
  }

  @Test(
    "whatever the guest writes, at any offset and width, reads stay within their width",
    arguments: 0..<4 as Range<UInt64>)
  func hostile(seed: UInt64) {
    let board = Board(initialised: false)
    var random = SplitMix64(seed: seed)
    for _ in 0..<5_000 {
      let size = [1, 2, 4, 8].randomElement(using: &random)!
      let offset = [Int.random(in: 0..<8, using: &random), 0xffff_ffff].randomElement(using: &random)!
      let access = Access(window: Int.random(in: 0..<3, using: &random), offset: offset, size: size)
      board.pair.write(access, UInt64.random(in: 0...access.ones, using: &random))
      board.lines.randomElement(using: &random)!.value.set(Bool.random(using: &random))
      if Bool.random(using: &random) { _ = board.pair.acknowledge() }
      let value = board.pair.read(access)
      #expect(value <= access.ones)
      if offset >= 2 { #expect(value == access.ones) }
    }
    #expect(board.pair.faults.lines.count <= FaultLog.capacity)
  }
}

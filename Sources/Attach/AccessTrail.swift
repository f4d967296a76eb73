/// Follows the accesses of one thread from record to record, to see which of them reached user space.
///
/// kvm_userspace_exit names no address, but its place tells. An exit for memory comes behind the kvm_mmio of its access,
/// and so does an exit for an OUT. The kvm_pio of an IN comes when its value is there: for the kernel's ports at once,
/// for user space's first thing after the exit. So where an OUT, one exit and an IN follow each other without a kvm_exit
/// between, either may have caused the exit, and both are undecided: exactly one of them reached user space.
struct AccessTrail: Sendable {
  /// The line of an OUT, where the next record can be its exit.
  private var out: Int?
  /// The line of an access to memory, where the next record can be its exit. An access across pages has two.
  private var memory: Int?
  /// An exit for a port whose access the next record tells: that of `out`, or an IN's, whose record is yet to come.
  private var exit: PortExit?
  /// Where user space answers a read, whose second record is then no second access.
  private var awaited: UInt64?
  /// The hardware tells where one exit ends and the next begins, so that nothing is undecided at the end.
  private var seesHardware = false
  /// Exits for ports and memory of which no record says where; those whose access was before the first record, for one.
  private(set) var unplaced: UInt64 = 0

  private struct PortExit {
    let out: Int?
  }

  /// Counts a record in the lines of its address.
  mutating func take(_ event: KVMEvent, in book: inout AddressBook) {
    settle(before: event, in: &book)
    let (out, memory) = (out, memory)
    (self.out, self.memory) = (nil, nil)
    switch event {
    case .exit: seesHardware = true
    case .userSpaceExit(let reason):
      if reason.isPort { exit = PortExit(out: out) }
      if reason.isMemory {
        if let memory { book[memory].userSpace += 1 } else { unplaced += 1 }
        self.memory = memory
      }
    case .port(let port, let isWrite, let items):
      let line = book.number(.port, port)
      book[line].count(isWrite: isWrite, items)
      if isWrite { self.out = line }
    case .memory(let address, let access): take(access, at: address, &book)
    case .fastMemory(let address):
      let line = book.number(.memory, address)
      book[line].count(isWrite: true)
    case .msr(let index, let isWrite):
      let line = book.number(.msr, index)
      book[line].count(isWrite: isWrite)
    case .cpuid(let leaf):
      let line = book.number(.cpuid, leaf)
      book[line].count(isWrite: false)
    }
  }

  private mutating func take(_ access: KVMEvent.MemoryAccess, at address: UInt64, _ book: inout AddressBook) {
    if access == .read, awaited == address {
      awaited = nil
      return
    }
    let line = book.number(.memory, address)
    book[line].count(isWrite: access == .write)
    if access == .unsatisfiedRead { awaited = address }
    if access != .read { memory = line }
  }

  /// Finds the access of an exit for a port, now that the next record is there.
  private mutating func settle(before event: KVMEvent, in book: inout AddressBook) {
    guard let exit else { return }
    self.exit = nil
    if case .port(let port, isWrite: false, _) = event {
      let line = book.number(.port, port)
      if let out = exit.out {
        book[out].undecided += 1
        book[line].undecided += 1
      } else {
        book[line].userSpace += 1
      }
    } else if let out = exit.out {
      book[out].userSpace += 1
    } else {
      unplaced += 1
    }
  }

  /// Some records are missing here: what came before says nothing of what comes next.
  mutating func interrupt(in book: inout AddressBook) {
    end(in: &book)
    (out, memory, awaited) = (nil, nil, nil)
  }

  /// No more records come.
  mutating func end(in book: inout AddressBook) {
    guard let exit else { return }
    self.exit = nil
    if let out = exit.out {
      if seesHardware { book[out].userSpace += 1 } else { book[out].undecided += 1 }
    } else {
      unplaced += 1
    }
  }
}

extension AddressBook.Line {
  fileprivate mutating func count(isWrite: Bool, _ items: UInt64 = 1) {
    exits += 1
    if isWrite { writes &+= items } else { reads &+= items }
  }
}

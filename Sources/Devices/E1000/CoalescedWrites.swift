/// Which writes of a driver may wait in KVM's coalesced ring until its next exit.
public enum CoalescedWrites: String, CaseIterable, Sendable {
  case none
  /// Those to registers that only hold what is written until another of the guest's writes makes use of it.
  case quiet
  /// Those of TDT as well: frames go out with the next exit.
  case doorbell

  /// The ranges of BAR0, in bytes, from the register table. They go on over gaps between registers, so that they are
  /// few: KVM keeps a list of them.
  var ranges: [Range<Int>] {
    guard self != .none else { return [] }
    let registers = RegisterDefinition.all
      .flatMap { definition in definition.offsets.map { (offset: $0, isQuiet: isCoalesced(definition)) } }
      .sorted { $0.offset < $1.offset }
    var ranges: [Range<Int>] = []
    var isOpen = false
    for (offset, isQuiet) in registers {
      if isQuiet {
        let start = isOpen ? ranges.removeLast().lowerBound : offset
        ranges.append(start..<offset + 4)
      }
      isOpen = isQuiet
    }
    return ranges
  }

  /// What reception goes by, for which no exit of the guest's is needed: a filter that waits would let frames pass by it.
  private static let reception: Set = [
    Offset.vet, Offset.radv, Offset.rsrpd, Offset.rxcsum, Offset.mta, Offset.ral0, Offset.rah0, Offset.vfta,
  ]

  private func isCoalesced(_ definition: RegisterDefinition) -> Bool {
    switch definition.writeEffect {
    case .store, .ringLength: !Self.reception.contains(definition.offset)
    case .tdt: self == .doorbell
    default: false
    }
  }
}

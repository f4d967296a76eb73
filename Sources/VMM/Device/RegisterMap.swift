/// A register by the name that its manual gives it.
public struct Register: Equatable, Sendable {
  public let name: String
  /// Distance from the window's base, in bytes.
  public let offset: Int
  /// Length in bytes; an array of registers under one name is as long as all of them.
  public let count: Int

  public init(_ name: String, at offset: Int, count: Int = 1) {
    self.name = name
    self.offset = offset
    self.count = count
  }
}

/// The registers of a window, and for each offset the one that it belongs to.
///
/// The run loop asks once per exit, so the answer is one load from a dense table.
public final class RegisterMap: Sendable {
  /// The registers in the order given, behind number 0, which stands for every offset without a name.
  public let registers: [Register]
  /// Offsets are looked up in units of 2^shift bytes.
  @usableFromInline let shift: UInt32
  @usableFromInline let numbers: MemoryView
  private let storage: HostBuffer

  /// - Parameters:
  ///   - granule: the distance of neighbouring registers in bytes, a power of two.
  ///   - registers: at most 254; those given later win where two overlap.
  public init(granule: Int = 1, _ registers: [Register]) {
    precondition(granule > 0 && granule & (granule - 1) == 0 && registers.count < 255)
    shift = UInt32(granule.trailingZeroBitCount)
    self.registers = [Register("(other)", at: 0, count: 0)] + registers
    let end = registers.map { $0.offset + $0.count }.max() ?? 0
    storage = HostBuffer(count: max(1, (end + granule - 1) / granule))
    numbers = storage.view
    for (index, register) in registers.enumerated() {
      let end = (register.offset + register.count + granule - 1) / granule
      for unit in (register.offset / granule)..<end {
        numbers.store(UInt8(index + 1), at: unit)
      }
    }
  }

  /// The number of the register at `offset`, 0 where there is none.
  @inlinable
  public func number(at offset: UInt64) -> Int {
    let unit = offset &>> UInt64(shift)
    guard unit < UInt64(numbers.count) else { return 0 }
    return Int(numbers.load(UInt8.self, at: Int(truncatingIfNeeded: unit)))
  }
}

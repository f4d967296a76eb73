/// A window as the run loop sees it: whom to ask, and which lines of the ledger to write.
///
/// A route owns nothing: the bus keeps the device and its register map alive, so that finding a device costs
/// no reference count.
@safe
struct Route {
  let device: Unmanaged<Device>
  /// Line of reads of register 0; negative for the unclaimed, whose lines are found by address.
  let firstLine: Int
  /// The dense table of ``RegisterMap``: for each unit of 2^shift bytes the number of its register.
  private let numbers: UnsafeMutableRawPointer
  private let unitCount: UInt64
  private let shift: UInt64
  let window: UInt8

  /// A route to window `index` of a device, which outlives it.
  init(to device: Device, window index: Int, firstLine: Int) {
    let window = device.windows[index]
    unsafe self.device = unsafe Unmanaged.passUnretained(device)
    self.firstLine = firstLine
    unsafe numbers = window.registers.numbers.base
    unitCount = UInt64(window.registers.numbers.count)
    shift = UInt64(window.registers.shift)
    self.window = UInt8(index)
  }

  /// The route taken where no window is: to a device, which outlives it, without lines of its own.
  init(unclaimed device: Device, noNames: RegisterMap) {
    unsafe self.device = unsafe Unmanaged.passUnretained(device)
    firstLine = -1
    unsafe numbers = noNames.numbers.base
    unitCount = 0
    shift = 0
    window = 0
  }

  /// The access at `offset` from the base.
  @inline(__always)
  func access(at offset: UInt64, size: UInt8) -> Access {
    Access(window: Int(window), offset: Int(truncatingIfNeeded: offset), size: Int(size))
  }

  /// The ledger's line for an access at `offset` from the base.
  @inline(__always)
  func line(at offset: UInt64, isWrite: Bool) -> Int {
    let unit = offset &>> shift
    let number =
      unit < unitCount
      ? unsafe Int(numbers.load(fromByteOffset: Int(truncatingIfNeeded: unit), as: UInt8.self)) : 0
    return firstLine &+ 2 &* number &+ (isWrite ? 1 : 0)
  }
}

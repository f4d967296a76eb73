/// A window as the run loop sees it: whom to ask, and which lines of the ledger to write.
///
/// A route is copied nowhere and owns nothing: the bus keeps the device and the register map alive, so that
/// finding a device costs no reference count.
@safe
struct Route {
  /// First and last address.
  let base: UInt64
  let last: UInt64
  unowned(unsafe) let device: Device
  unowned(unsafe) let registers: RegisterMap
  /// Line of reads of register 0; negative for the unclaimed, whose lines are found by address.
  let firstLine: Int
  let window: UInt8
}

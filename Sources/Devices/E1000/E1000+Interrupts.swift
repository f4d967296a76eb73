import VMM

/// Causes wait in ICR until they are read; the line is up while one of them is enabled in IMS
/// (sections 13.4.17–13.4.21), and rises no sooner than ITR after it rose last (section 13.4.18).
extension E1000 {
  func raise(_ causes: UInt32) {
    guard causes != 0 else { return }
    setCauses(registers[Offset.icr] | causes)
  }

  func setCauses(_ causes: UInt32) {
    registers[Offset.icr] = causes
    updateLine()
  }

  func setMask(_ mask: UInt32) {
    registers[Offset.ims] = mask
    updateLine()
  }

  func updateLine() {
    schedule.throttled = nil
    guard registers[Offset.icr] & registers[Offset.ims] != 0 else { return interrupt.set(false) }
    guard !interrupt.isAsserted else { return }
    let interval = UInt64(registers[Offset.itr]) &* Delay.throttlingUnit
    if interval != 0 {
      let now = alarm.now
      if let last = schedule.lastInterrupt, now < last &+ interval {
        schedule.throttled = last &+ interval
        return arm()
      }
      schedule.lastInterrupt = now
    }
    interrupt.set(true)
  }

  /// Descriptors with RS are done, some that want their interrupt at once, some that let it be delayed (IDE): TXDW, or
  /// nothing yet (section 13.4.41).
  func announceTransmitted(atOnce: Bool, later: Bool) -> UInt32 {
    guard atOnce || later else { return 0 }
    let delay = nanoseconds(Offset.tidv)
    // A TIDV of zero is not allowed: nothing is delayed.
    guard !atOnce, delay != 0 else {
      schedule.transmit.stop()
      return Cause.txdw
    }
    schedule.transmit.start(alarm.now, delay: delay, limit: nanoseconds(Offset.tadv))
    arm()
    return 0
  }

  /// Frames are in the guest's memory: RXT0, or nothing yet (section 13.4.30).
  func announceReceived() -> UInt32 {
    let delay = nanoseconds(Offset.rdtr)
    guard delay != 0 else { return announceAtOnce() }
    schedule.receive.start(alarm.now, delay: delay, limit: nanoseconds(Offset.radv))
    arm()
    return 0
  }

  /// RXT0 now, whatever its timers hold back (sections 3.2.7.2 and 13.4.30).
  func announceAtOnce() -> UInt32 {
    schedule.receive.stop()
    return Cause.rxt0
  }

  private func nanoseconds(_ offset: Int) -> UInt64 {
    UInt64(registers[offset] & Delay.value) &* Delay.unit
  }

  /// The PHY finds its partner again: up at once, as far as registers tell, and told a moment later, as a driver
  /// clears ICR after it has reset the device.
  func renegotiateLink() {
    schedule.link = alarm.now &+ Self.negotiationTime
    arm()
  }

  private static let negotiationTime: UInt64 = 1_000_000

  /// Has the alarm go on with what one call left over; vCPUs get through in between.
  func continueSoon() {
    schedule.work = alarm.now &+ Self.pause
    arm()
  }

  private static let pause: UInt64 = 10_000

  /// Sets the alarm, unless it rings early enough: then it is set again when it does.
  private func arm() {
    guard let next = schedule.next, next < armed ?? .max else { return }
    armed = next
    alarm.set(next)
  }

  /// Does what is due.
  func ring() {
    armed = nil
    let now = alarm.now
    var causes: UInt32 = 0
    if schedule.transmit.rings(now) { causes |= Cause.txdw }
    if schedule.receive.rings(now) { causes |= Cause.rxt0 }
    if let link = schedule.link, link <= now {
      schedule.link = nil
      causes |= Cause.lsc
    }
    if let work = schedule.work, work <= now {
      schedule.work = nil
      causes |= transmit()
    }
    causes |= receive()
    // Also without a cause: one may have been throttled.
    setCauses(registers[Offset.icr] | causes)
    arm()
  }
}

import CKVM

/// Our own part of an exit without KVM's, for whoever measures it: the page that KVM would share says for ever that the
/// guest wrote a byte to a port, whose device does nothing.
@safe
package final class Rehearsal {
  /// struct kvm_run, and behind it a page for the data.
  private let pages = HostBuffer(count: 2 * Rehearsal.pageSize)
  private let server: ExitServer
  private let ledger: Ledger
  private let bus: Bus

  private static let pageSize = 4096
  private static let port: UInt16 = 0x5f0
  /// Of the ledger: no exit of the rehearsal is one of these.
  private static let recordedLine = ExitReason.hlt.line

  /// - Throws: ``MachineError`` where there is no memory for a vCPU's tables.
  package init() throws(MachineError) {
    let window = Window(
      .port, base: UInt64(Self.port), count: 1, registers: RegisterMap([Register("P0", at: 0)]))
    do throws(BusError) {
      bus = try Bus([Device(name: "rehearsal", windows: [window])])
    } catch { throw .bus(error) }
    let run = unsafe pages.view.withUnsafeBytes {
      unsafe $0.baseAddress!.assumingMemoryBound(to: kvm_run.self)
    }
    do throws(GuestMemoryError) {
      ledger = try Ledger(layout: bus.layout)
      server = try unsafe ExitServer(shared: run, bus: bus, ledger: ledger)
    } catch { throw .memory(error) }
    unsafe run.pointee.exit_reason = KVM_EXIT_IO.magnitude
    unsafe run.pointee.io.direction = UInt8(KVM_EXIT_IO_OUT)
    unsafe run.pointee.io.size = 1
    unsafe run.pointee.io.port = Self.port
    unsafe run.pointee.io.count = 1
    unsafe run.pointee.io.data_offset = UInt64(Self.pageSize)
  }

  /// All that the run loop does between two KVM_RUNs for such an exit: two time stamps, the device, a line of the ledger.
  @inline(never)
  package func dispatch() {
    let start = ckvm_timestamp()
    if unsafe ckvm_exit_reason(server.shared) == KVM_EXIT_IO.magnitude {
      unsafe server.servePort(server.shared, server.ports, since: start)
    }
  }

  /// The ledger's part of it alone: two time stamps and a line.
  @inline(never)
  package func record() {
    let start = ckvm_timestamp()
    let line = unsafe ledger.words + Self.recordedLine &<< LedgerLine.shift
    unsafe LedgerLine.record(line, ticks: ckvm_timestamp() &- start)
  }

  /// How often ``dispatch()`` was called, by the ledger.
  package var dispatched: UInt64 {
    ledger.layout.sections[0].lines.reduce(0) { $0 + ledger.tally(ofLine: $1).exits }
  }

  /// How often ``record()`` was called, by the ledger.
  package var recorded: UInt64 { ledger.tally(ofLine: Self.recordedLine).exits }
}

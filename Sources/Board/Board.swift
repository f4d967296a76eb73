import CLinux
import Console
import E1000
import KVM
import NetBackends
import PCI
import Platform
import Serial
import VMM
import Virtio
import VirtioNet

/// The machine that docs/guest-abi.md describes: a ``Machine`` with all its devices in their places.
public final class Board: Sendable {
  public let machine: Machine
  /// In the order in which the report shows them.
  public let devices: [Device]
  public let nics: [NICSpecification]
  public let window = MeasuredWindow()
  /// The interrupt lines that devices drive: pin and wire.
  public let interruptLines: [(number: Int, line: InterruptLine)]
  /// What the guest finds in the place of firmware; nil where there is no IOAPIC, or more processors than it can tell of.
  public let multiprocessorTable: MPTable?
  /// Words that the VMM adds to the guest's command line.
  public let commandLineSuffix: String
  private let uart: UART
  private let stopped: WakeUp
  private let inputWanted: WakeUp
  private let marks: MarkSource
  /// What rings the devices' alarms.
  private let alarms: [Watch]

  /// - Parameters:
  ///   - nics: at most one of each model.
  ///   - wire: the end that the NIC with a bridge behind it gets.
  ///   - output: where the UART and the debug console write.
  ///   - more: devices beside those of docs/guest-abi.md, made with the machine that they will be part of.
  public init(
    _ configuration: MachineConfiguration, nics: [NICSpecification], wire: NetBackend? = nil,
    output: GuestOutput, on system: borrowing System,
    more: (Machine) throws(MachineError) -> [Device] = { _ throws(MachineError) in [] }
  ) throws(MachineError) {
    let pic = configuration.interruptControllers == .none ? UserSpacePIC() : nil
    let stopped: WakeUp
    let inputWanted: WakeUp
    do throws(KVMError) {
      stopped = try WakeUp()
      inputWanted = try WakeUp()
    } catch { throw .kvm(error) }
    let machine = try Machine(configuration, on: system, interrupts: pic, onStop: { stopped.signal() })
    let control = machine.control
    let write: @Sendable (UInt8) -> Void = { output.put($0) { control.isStopping } }
    var lines: [(number: Int, line: InterruptLine)] = []
    func connect(_ number: Int) -> InterruptLine {
      let line = machine.interruptLine(number)
      lines.append((number, line))
      return line
    }
    let uart = UART(
      line: connect(4), output: write, roomForInput: { inputWanted.signal() })
    let window = window
    let marks = MarkSource()
    var devices: [Device] = [
      uart, DebugConsole(output: write), DebugExit(control: machine.control),
      KeyboardController(control: machine.control), SystemControlPort(control: machine.control),
      CMOSClock(memorySize: configuration.memory, now: { Int64(time(nil)) }),
      FirmwareConfig(memorySize: configuration.memory, processorCount: UInt16(clamping: configuration.cpus)),
      Probe(),
      Marker(onMark: { isBegin in window.mark(isBegin: isBegin) { marks.snapshot(isBegin: isBegin) } }),
    ]
    if let pic { devices.append(pic.pair) }
    let host = PCIHost(placer: machine.placer)
    devices.append(host)
    var builder = NICBuilder(machine, host, wire: wire, connect: connect)
    for nic in nics {
      guard nics.filter({ $0.model == nic.model }).count == 1 else {
        throw .configuration("two NICs of model \(nic.model.rawValue): one of each is possible")
      }
      devices.append(try builder.make(nic))
    }
    devices += try more(machine)
    interruptLines = lines
    let canTell = pic == nil && configuration.cpus <= MPTable.mostProcessors
    multiprocessorTable =
      canTell ? MPTable(processorCount: configuration.cpus, pciInterrupts: host.interrupts) : nil
    self.marks = marks
    alarms = builder.alarms
    self.machine = machine
    self.devices = devices
    self.nics = nics
    self.uart = uart
    self.stopped = stopped
    self.inputWanted = inputWanted
    commandLineSuffix = builder.commandLineSuffix
  }

  /// How many interrupts the devices sent as messages.
  public var messagesSent: UInt64 {
    devices.reduce(0) { $0 + (($1 as? any PCIDevice)?.function.messagesSent ?? 0) }
  }

  /// What a run may take from outside, and how long it may last.
  public struct RunOptions: Sendable {
    /// Ends the run; 60 s unless told otherwise.
    public var timeLimit: Duration = .seconds(60)
    /// Read as what the user types to the guest's UART; nil for none.
    public var input: Int32?
    /// Called last before the vCPUs start.
    public var prepare: @Sendable () -> Void = {}
    /// Called first after that.
    public var started: @Sendable () -> Void = {}
    /// Called once the guest has run for 100 ms, on the calling thread.
    public var settled: @Sendable () -> Void = {}
    /// Called with each of the guest's marks, true for a beginning, on the vCPU's thread and outside the window.
    public var onMark: @Sendable (Bool) -> Void = { _ in }

    public init() {}
  }

  /// Runs the guest from `entry` to the end of the run, and says how it ended and after what time.
  public func run(_ entry: EntryState, _ options: RunOptions) throws(MachineError) -> (Outcome, Duration) {
    marks.set(machine, devices, onMark: options.onMark)
    // The marker's way to the devices is a way to itself.
    defer { marks.clear() }
    let terminal = options.input.flatMap { Terminal(descriptor: $0) }
    // Restored when this function is left, whichever way.
    defer { extendLifetime(terminal) }
    let isTerminal = terminal != nil
    let started = ContinuousClock.now
    let supervisor: Supervisor
    do throws(KVMError) {
      let inputs = options.input.map { watches(for: $0, isTerminal: isTerminal) } ?? []
      supervisor = try Supervisor(stopped: stopped, watches: inputs + alarms + devices.flatMap(\.watches))
    } catch { throw .kvm(error) }
    do throws(MachineError) {
      options.prepare()
      try machine.start(entry, devices: devices)
    } catch {
      machine.join()
      throw error
    }
    options.started()
    supervisor.run(machine.control, limit: options.timeLimit, settled: options.settled)
    machine.join()
    return (machine.control.outcome ?? .interrupted, started.duration(to: .now))
  }

  /// The user's input, and the UART's word that there is room for more of it.
  private func watches(for descriptor: Int32, isTerminal: Bool) -> [Watch] {
    let uart = uart
    let control = machine.control
    let wanted = inputWanted
    let input = GuestInput(
      descriptor: descriptor, isTerminal: isTerminal,
      receiver: { bytes in
        if let taken = uart.ifFree({ uart.receive(bytes.span) }) { return taken }
        // A vCPU is in the UART, perhaps until somebody reads the guest's output. Tried again in a moment; the time
        // limit and signals are served in between.
        usleep(1000)
        wanted.signal()
        return 0
      },
      quit: { control.stop(.interrupted) })
    return [
      Watch(descriptor: { input.pollDescriptor }, serve: { input.serve() }),
      Watch(
        descriptor: { wanted.number },
        serve: {
          wanted.clear()
          input.passOn()
        }),
    ]
  }
}

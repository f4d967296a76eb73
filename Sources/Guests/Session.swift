import Board
import Console
import KVM
import Loaders
import NetBackends
import Report
import VMM
import Witness

/// One guest from its options to its report.
public struct Session {
  public let board: Board
  private let image: BootImage
  private let commandLine: String
  private let entry: EntryState

  /// Checks everything that the user gave and makes the machine, with the image in its memory.
  ///
  /// - Parameter more: devices beside those of docs/guest-abi.md, made with the machine that they will be part of.
  /// - Throws: ``Failure``, before the guest has run an instruction.
  public init(
    _ request: GuestRequest, output: GuestOutput,
    more: (Machine) throws(MachineError) -> [Device] = { _ throws(MachineError) in [] }
  ) throws(Failure) {
    let (image, file) = try request.bootImage()
    let modules = try request.bootModules()
    let configuration = try request.machineConfiguration()
    let nics = try request.nicSpecifications(for: image)
    commandLine = request.commandLine
    self.image = image
    // Until everything is in guest memory.
    defer { extendLifetime((file, modules)) }
    do throws(LoadError) { try image.check(commandLine: commandLine) } catch {
      throw .usage(error.description)
    }
    let board = try Self.makeBoard(configuration, nics, request.wire, output, more)
    self.board = board
    do throws(LoadError) {
      entry = try image.load(
        into: board.machine.memory,
        commandLine: Self.bootCommandLine(image, commandLine, board.commandLineSuffix),
        modules: modules.map(\.0),
        firmware: board.multiprocessorTable.map { FirmwareTable(at: $0.address, $0.bytes) })
    } catch {
      throw .usage(error.description)
    }
  }

  /// What the image is told. Multiboot kernels look for their first argument behind their own name, as boot
  /// loaders have always passed it.
  private static func bootCommandLine(_ image: BootImage, _ words: String, _ suffix: String) -> String {
    let name = image.format.isMultiboot ? image.name : ""
    return [name, words, suffix].commandLine
  }

  private static func makeBoard(
    _ configuration: MachineConfiguration, _ nics: [NICSpecification], _ wire: NetBackend?,
    _ output: GuestOutput, _ more: (Machine) throws(MachineError) -> [Device]
  ) throws(Failure) -> Board {
    let system: System
    do throws(KVMError) { system = try System() } catch { throw Failure(error) }
    do throws(MachineError) {
      return try Board(configuration, nics: nics, wire: wire, output: output, on: system, more: more)
    } catch { throw Failure(error) }
  }

  /// What the other witnesses are to look at.
  public var witnessPlan: WitnessPlan { board.witnessPlan }

  /// Runs the guest to its end.
  ///
  /// - Parameters:
  ///   - counts: armed, or nil to count nothing that the kernel answers.
  ///   - witness: of ``witnessPlan``; nil for none beside the ledger.
  public func run(
    _ options: Board.RunOptions, counts: KernelCounts?, witness: MachineWitness? = nil
  ) throws(Failure) -> RunReport {
    var options = options
    var marks: MarkTestimony?
    // The thread that marks may look at its own ledger while it runs, and at no other.
    if let witness, board.machine.configuration.cpus == 1 {
      let testimony = MarkTestimony()
      let onMark = options.onMark
      options.onMark = { [board] isBegin in
        // Outside of what the caller measures.
        if !isBegin { onMark(false) }
        testimony.take(isBegin: isBegin) { ReportBuilder(board).testimony(witness) }
        if isBegin { onMark(true) }
      }
      marks = testimony
    }
    do throws(MachineError) {
      let result = try board.run(entry, options)
      return ReportBuilder(board).report(
        image: image, commandLine: commandLine, result: result, counts: counts, witness: witness,
        marks: marks)
    } catch {
      throw Failure(error)
    }
  }
}

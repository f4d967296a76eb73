import Board
import Console
import KVM
import Loaders
import Report
import VMM
import Witness

/// One guest from its options to its report.
struct Session {
  let board: Board
  private let image: BootImage
  private let commandLine: String
  private let entry: EntryState

  /// Checks everything that the user gave and makes the machine, with the image in its memory.
  ///
  /// - Throws: ``Failure``, before the guest has run an instruction.
  init(_ options: GuestOptions, output: GuestOutput) throws(Failure) {
    let image = try options.bootImage()
    let modules = try options.modules()
    let configuration = try options.machineConfiguration()
    let nics = try options.nics(for: image)
    commandLine = options.commandLine
    self.image = image
    do throws(LoadError) { try image.check(commandLine: commandLine) } catch {
      throw .usage(error.description)
    }
    let board: Board
    do throws(KVMError) {
      let system = try System()
      do throws(MachineError) {
        board = try Board(configuration, nics: nics, output: output, on: system)
      } catch { throw Failure(error) }
    } catch let error as KVMError {
      throw Failure(error)
    } catch let failure as Failure {
      throw failure
    }
    self.board = board
    do throws(LoadError) {
      entry = try image.load(
        into: board.machine.memory,
        commandLine: [commandLine, board.commandLineSuffix].filter { !$0.isEmpty }.joined(separator: " "),
        modules: modules)
    } catch {
      throw .usage(error.description)
    }
  }

  /// Runs the guest to its end.
  mutating func run(_ options: Board.RunOptions, counts: KernelCounts?) throws(Failure) -> RunReport {
    do throws(MachineError) {
      let result = try board.run(entry, options)
      return ReportBuilder(board).report(
        image: image, commandLine: commandLine, result: result, counts: counts)
    } catch {
      throw Failure(error)
    }
  }
}

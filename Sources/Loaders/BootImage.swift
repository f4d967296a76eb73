import VMM

/// An image to boot: its format recognised, its headers checked, its segments known, nothing copied yet.
///
/// The bytes stay where they are (a file read into memory, or the binary itself) and go straight from there to guest
/// memory, so their owner outlives the image. Headers are read once, into values: bytes that change
/// afterwards cannot undo a check.
public struct BootImage: Sendable {
  /// What errors call the image: the file's name, or the name of a built-in image.
  public let name: String
  public let format: ImageFormat
  /// What the image tells of itself, nil where it has no such note.
  public let manifest: Manifest?
  let program: Program

  /// Recognises the image by its content; with `entry` it is a flat binary whatever its content.
  ///
  /// An address header of Multiboot comes before everything else, as section 3.1.3 of the specification
  /// demands even of ELF files; then ELF by its class.
  ///
  /// - Throws: ``LoadError`` for an image that this machine cannot boot, however much memory it has.
  public init(_ bytes: MemoryView, name: String, entry: FlatEntry? = nil) throws(LoadError) {
    self.name = name
    do throws(LoadProblem) {
      guard bytes.count > 0 else { throw LoadProblem.empty }
      if let entry {
        format = .flat(entry)
        manifest = nil
        program = try Program(flat: bytes, at: entry)
        return
      }
      let search = MultibootHeader.search(bytes)
      if case .found(let header) = search, header.hasAddressFields {
        try header.checkRequirements()
        format = .multibootAddressFields
        manifest = try Manifest(in: ELFHeader.readableTable(in: bytes), of: bytes)
        program = try Program(try AddressFields(of: header, in: bytes), in: bytes)
      } else if let fileClass = try ELFHeader.fileClass(of: bytes) {
        let header = try ELFHeader(bytes, fileClass)
        try header.checkExecutable(machine: fileClass == .bits64 ? .amd64 : .i386)
        if fileClass == .bits32 { try search.requireHeader().checkRequirements() }
        let table = try header.programHeaders(in: bytes)
        manifest = try Manifest(in: table, of: bytes)
        // An image of ours has the note for other VMMs.
        let isForeign = fileClass == .bits64 && manifest == nil
        let pvh = isForeign ? try PVHNote.entry(in: table, of: bytes) : nil
        format = fileClass == .bits32 ? .multibootELF32 : pvh == nil ? .elf64 : .pvhELF64
        program = try Program(table, entry: header.entry, physicalEntry: pvh, in: bytes)
      } else {
        throw search.problemWithoutELF
      }
    } catch {
      throw LoadError(name, error)
    }
  }

  /// Checks what the user wrote for the guest, without what the VMM adds to it.
  ///
  /// - Throws: ``LoadError`` for words that the image's manifest does not know, and for any word to a
  ///   real-mode image, which is given no command line.
  public func check(commandLine: String) throws(LoadError) {
    if format.mode == .real, !commandLine.isEmpty { throw LoadError(name, .entry(.realModeTakesNothing)) }
    try manifest?.check(commandLine)
  }

  /// Copies the image and its modules to `memory` and writes the boot tables.
  ///
  /// Everything is checked before the first byte is written. What is zero in the image (bss, the rest of a
  /// page table) is left alone: `memory` is fresh, and its untouched pages cost nothing.
  ///
  /// - Parameters:
  ///   - memory: fresh guest memory, all zero.
  ///   - commandLine: all of it, with what the VMM adds. A real-mode image is not given it.
  ///   - modules: files for the guest; they follow the image's end, each on a page of its own.
  ///   - firmware: written as well, unless the image itself lies there or is entered in real mode.
  /// - Throws: ``LoadError`` where image, modules or strings do not fit.
  public func load(
    into memory: GuestMemory, commandLine: String = "", modules: [BootModule] = [],
    firmware: FirmwareTable? = nil
  ) throws(LoadError) -> EntryState {
    do throws(LoadProblem) {
      guard format.mode != .real else {
        guard modules.isEmpty else { throw LoadProblem.entry(.realModeTakesNothing) }
        try program.segments.checkFit(in: memory)
        program.segments.copy(to: memory)
        return EntryState(.real, at: program.entry)
      }
      let placed = try modules.placed(above: program.segments)
      try (program.segments + placed).checkFit(in: memory)
      let content = BootContent(
        commandLine: commandLine, modules: modules, placed: placed, memorySize: memory.size)
      let information: any BootInformation =
        format == .pvhELF64 ? try PVHInformation(content) : try MultibootInformation(content)
      (program.segments + placed).copy(to: memory)
      firmware?.write(to: memory, beside: program.segments + placed)
      return BootTables.write(information, to: memory, entering: program.entry, in: format.mode)
    } catch {
      throw LoadError(name, error)
    }
  }
}

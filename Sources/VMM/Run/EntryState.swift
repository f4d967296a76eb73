/// How the first vCPU enters an image: what a loader leaves behind beside the bytes in memory.
///
/// docs/guest-abi.md, section Entry state, says what a guest may rely on.
public struct EntryState: Equatable, Sendable {
  /// The mode of the processor.
  public enum Mode: String, CaseIterable, Sendable {
    /// Real mode: CS:IP is `(address >> 4) & 0xf000 : address & 0xffff`, the other segments are 0.
    case real
    /// Protected mode, flat 4 GiB segments, paging off.
    case protected
    /// 64-bit mode, paging through ``EntryState/pageTables``.
    case long
  }

  public var mode: Mode
  /// Linear address of the first instruction.
  public var instructionPointer: GuestAddress
  public var stackPointer: GuestAddress = 0
  public var rax: UInt64 = 0
  public var rbx: UInt64 = 0
  /// The global descriptor table in guest memory, nil where the image brings its own. Selector 0x08 is code
  /// and 0x10 data, in the mode of ``mode``.
  public var descriptorTable: Range<GuestAddress>?
  /// CR3 for ``Mode/long``.
  public var pageTables: GuestAddress = 0

  public init(_ mode: Mode, at instructionPointer: GuestAddress) {
    self.mode = mode
    self.instructionPointer = instructionPointer
  }
}

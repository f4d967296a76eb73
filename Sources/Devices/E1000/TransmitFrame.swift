import VMM

/// The frame whose descriptors are being read: where its bytes lie, and what its first descriptor asks for.
struct TransmitFrame {
  /// The most pieces that go out as they lie; more are put together first.
  static let pieceLimit = 64

  /// Bytes so far.
  var length = 0
  /// Pieces so far.
  var count = 0
  /// Whether the first piece is already a copy of the beginning.
  var isGathered = false
  /// Whether it cannot be sent, which was counted and said when it turned out.
  var isDiscarded = false
  private(set) var isStarted = false
  private(set) var first = TransmitDescriptor(address: 0, word: 0)
  /// POPTS of the first data descriptor.
  private(set) var options: UInt8 = 0
  /// Whether the first data descriptor asks for segmentation.
  private(set) var isSegmented = false

  /// The first descriptor with data says what is to be done to the frame (section 3.3.7).
  mutating func start(_ descriptor: TransmitDescriptor) {
    guard !isStarted else { return }
    isStarted = true
    first = descriptor
    guard descriptor.kind == .data else { return }
    options = descriptor.options
    isSegmented = descriptor.command & TransmitDescriptor.Command.segment != 0
  }
}

/// How far a frame's pieces have gone out.
struct PieceCursor {
  var index = 0
  var offset = 0
}

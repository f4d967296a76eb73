import VMM

/// The frame whose descriptors are being read: how long it is, and what its first descriptor asks for.
struct TransmitFrame {
  /// The most pieces that go out as they lie; more are put together first.
  static let pieceLimit = 64

  /// Bytes so far.
  var length = 0
  /// Whether the first piece is already a copy of the beginning.
  var isGathered = false
  /// Whether it cannot be sent, which was counted and said when it turned out.
  var isDiscarded = false
  private var isStarted = false
  /// The first descriptor with data.
  private(set) var first = TransmitDescriptor(address: 0, word: 0)
  /// Its POPTS, if it is a data descriptor.
  var options: UInt8 { first.kind == .data ? first.options : 0 }
  /// Whether it asks for segmentation.
  var isSegmented: Bool { first.kind == .data && first.command & TransmitDescriptor.Command.segment != 0 }

  /// The first descriptor with data says what is to be done to the frame (section 3.3.7).
  mutating func start(_ descriptor: TransmitDescriptor) {
    guard !isStarted else { return }
    isStarted = true
    first = descriptor
  }
}

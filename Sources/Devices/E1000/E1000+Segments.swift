import NetBackends
import VMM

/// TCP segmentation: one frame of up to a mebibyte becomes many (section 3.5).
extension E1000 {
  /// What a frame may be cut into at the most.
  static let segmentLimit = 4096

  /// Cuts the frame at hand as its context says, and sends the segments.
  func sendSegments() {
    let context = segmentContext
    if let problem = problem(with: context) { return discard(problem) }
    let tag = tag(of: frame.first)
    let template = headers.slice(HeaderSpace.template, context.header)!
    var cursor = PieceCursor()
    pieces.withSpan { cursor.copy(from: $0, to: template) }
    registers.count(Offset.tsctc)
    var offset = 0
    var index: UInt16 = 0
    while offset < context.payload {
      let count = min(context.segmentSize, context.payload - offset)
      let head = headers.slice(HeaderSpace.start, context.header)!
      head.copy(from: template)
      compose(head, &cursor, count)
      finish(head, context, count, index: index, offset: offset)
      if let tag { insertTag(tag) }
      outgoing.withSpan { send($0) }
      offset += count
      index &+= 1
    }
  }

  private func problem(with context: TransmitContext) -> String? {
    let (header, payload, size) = (context.header, context.payload, context.segmentSize)
    guard frame.length == header + payload else {
      return "frame to be cut has \(frame.length) bytes, HDRLEN and PAYLEN say \(header) and \(payload)"
    }
    guard payload > 0, size > 0 else { return "frame to be cut with PAYLEN \(payload) and MSS \(size)" }
    guard (payload - 1) / size < Self.segmentLimit else {
      return "MSS \(size) would cut \(payload) bytes into more than \(Self.segmentLimit) segments"
    }
    guard header + min(size, payload) <= FrameSize.longestTransmitted else {
      return "MSS \(size) makes segments of more than \(FrameSize.longestTransmitted) bytes"
    }
    let network = context.network.start + (context.isIPv4 ? 20 : 40)
    let transport = context.transport.start + (context.isTCP ? 20 : 8)
    guard network <= header, transport <= header, context.network.start < context.transport.start else {
      return "HDRLEN \(header) has no room for headers at IPCSS \(context.network.start) and TUCSS "
        + "\(context.transport.start)"
    }
    return nil
  }

  /// Makes the headers those of one segment with `count` bytes of payload (section 3.5.6).
  private func finish(
    _ head: MemoryView, _ context: TransmitContext, _ count: Int, index: UInt16, offset: Int
  ) {
    let length = head.count + count
    let (network, transport) = (context.network.start, context.transport.start)
    if context.isIPv4 {
      head.storeBigEndian(UInt16(truncatingIfNeeded: length - network), at: network + 2)
      head.storeBigEndian(head.loadBigEndian(UInt16.self, at: network + 4) &+ index, at: network + 4)
    } else {
      head.storeBigEndian(UInt16(truncatingIfNeeded: length - network - 40), at: network + 4)
    }
    if context.isTCP {
      let sequence: UInt32 = head.loadBigEndian(at: transport + 4)
      head.storeBigEndian(sequence &+ UInt32(truncatingIfNeeded: offset), at: transport + 4)
      if offset + count < context.payload {
        let flags: UInt8 = head.load(at: transport + TCPFlags.offset)
        head.store(flags & ~(TCPFlags.fin | TCPFlags.psh), at: transport + TCPFlags.offset)
      }
    } else {
      head.storeBigEndian(UInt16(truncatingIfNeeded: length - transport), at: transport + 4)
    }
    if frame.options & TransmitDescriptor.Option.networkChecksum != 0 { insert(context.network) }
    if frame.options & TransmitDescriptor.Option.transportChecksum != 0 {
      // The driver leaves the length out of the pseudo header's sum, for each segment has its own.
      insert(context.transport, adding: UInt16(truncatingIfNeeded: length - transport))
    }
  }
}

import NetBackends
import VMM

/// Frames that go out as they are, but for checksums, a VLAN tag and padding.
extension E1000 {
  /// Sends the frame at hand, of which `last` is the last descriptor: it has the VLAN tag, and says whether a checksum
  /// is inserted and where (section 3.3.3); where the sum begins stands in the first.
  func sendFrame(_ last: TransmitDescriptor) {
    typealias Command = TransmitDescriptor.Command
    if last.command & Command.insertFCS == 0 { say(.missingFCS) }
    let tag = tag(of: last)
    let isTooShort = frame.length + (tag == nil ? 0 : VLAN.tagCount) < FrameSize.minimum
    let isPadded = isTooShort && registers[Offset.tctl] & TCTL.padShortPackets != 0
    let isLegacySum = last.kind == .legacy && last.command & Command.insertChecksum != 0
    guard tag != nil || isPadded || isLegacySum || frame.options != 0 else {
      // Statistics look at the addresses.
      if pieces[0].count < FrameSize.header && pieces.count > 1 { gather() }
      return pieces.withSpan { send($0) }
    }
    let head = takeHead(min(frame.length, HeaderSpace.longest))
    if isLegacySum { insert(ChecksumPlace(start: frame.first.checksumStart, field: last.checksumField)) }
    if frame.options & TransmitDescriptor.Option.networkChecksum != 0 { insert(checksumContext.network) }
    if frame.options & TransmitDescriptor.Option.transportChecksum != 0 { insert(checksumContext.transport) }
    if isPadded {
      let room = headers.slice(HeaderSpace.start, FrameSize.minimum)!
      room.slice(head.count, FrameSize.minimum - head.count)!.clear()
      outgoing[0] = room.slice(0, FrameSize.minimum - (tag == nil ? 0 : VLAN.tagCount))!
    }
    if let tag { insertTag(tag) }
    outgoing.withSpan { send($0) }
  }

  /// Makes ``outgoing`` the frame at hand, its first `count` bytes in the device's own memory, where they can be
  /// changed: the driver's buffers stay as they are.
  private func takeHead(_ count: Int) -> MemoryView {
    var cursor = PieceCursor()
    let head = headers.slice(HeaderSpace.start, count)!
    pieces.withSpan { cursor.copy(from: $0, to: head) }
    compose(head, &cursor, frame.length - count)
    return head
  }

  /// Makes ``outgoing`` of `head` and the next `count` bytes of the frame at hand, where they lie.
  func compose(_ head: MemoryView, _ cursor: inout PieceCursor, _ count: Int) {
    outgoing.removeAll()
    outgoing.append(head)
    pieces.withSpan { pieces in
      var left = count
      while left > 0 {
        let part = cursor.next(left, of: pieces)
        outgoing.append(part)
        left -= part.count
      }
    }
  }

  /// Computes a checksum of ``outgoing`` and stores it in its first piece. What the field holds counts, as do
  /// `extra` bytes of length: it is the sum of a pseudo header (section 3.5.2).
  func insert(_ place: ChecksumPlace, adding extra: UInt16 = 0) {
    let length = outgoing.withSpan { $0.byteCount }
    let end = min(place.end ?? length, length)
    guard place.start < end, place.field + 2 <= outgoing[0].count else { return say(.checksumPlace) }
    var checksum = InternetChecksum()
    checksum.add(extra)
    var position = 0
    for index in 0..<outgoing.count where position < end {
      let piece = outgoing[index]
      let from = max(place.start - position, 0)
      let to = min(end - position, piece.count)
      if from < to { checksum.add(piece.slice(from, to - from)!) }
      position += piece.count
    }
    outgoing[0].store(checksum.field, at: place.field)
  }

  /// The tag to insert, nil for none (section 9.2).
  func tag(of descriptor: TransmitDescriptor) -> UInt16? {
    guard descriptor.command & TransmitDescriptor.Command.insertVLAN != 0,
      registers[Offset.ctrl] & CTRL.vlanMode != 0
    else { return nil }
    return descriptor.special
  }

  /// Moves the addresses of ``outgoing`` forward, to make room for the tag behind them.
  func insertTag(_ tag: UInt16) {
    let head = outgoing[0]
    guard head.count >= VLAN.offset else { return }
    let longer = headers.slice(HeaderSpace.start - VLAN.tagCount, head.count + VLAN.tagCount)!
    longer.copy(from: head.slice(0, VLAN.offset)!)
    longer.storeBigEndian(UInt16(truncatingIfNeeded: registers[Offset.vet]), at: VLAN.offset)
    longer.storeBigEndian(tag, at: VLAN.offset + 2)
    outgoing[0] = longer
  }

  /// Hands one finished frame to the far end.
  func send(_ data: borrowing Span<MemoryView>) {
    let length = data.byteCount
    spend(length)
    countTransmitted(data[0], length)
    packets.transmitted &+= 1
    if isLoopedBack { takeBack(data, length) } else { backend.transmit(data, .none) }
  }
}

/// Where the headers of a frame are put together: room for a VLAN tag lies before them.
enum HeaderSpace {
  static let start = 64
  /// As far as a checksum field can lie.
  static let longest = 320
  /// Headers as they came, before they are made a segment's.
  static let template = 512
  static let count = 1024
}

/// VLAN tags (IEEE 802.1Q).
enum VLAN {
  /// Where a tag lies: behind the addresses.
  static let offset = 12
  static let tagCount = 4
}

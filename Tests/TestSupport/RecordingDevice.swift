import VMM

/// A device that remembers every access and answers reads with what the test wants.
public final class RecordingDevice: Device, @unchecked Sendable {
  /// One access as it arrived; `value` is what was written, nil for reads.
  public struct Record: Equatable, Sendable {
    public let window: Int
    public let offset: Int
    public let size: Int
    public let value: UInt64?

    public init(window: Int = 0, offset: Int, size: Int, value: UInt64?) {
      self.window = window
      self.offset = offset
      self.size = size
      self.value = value
    }
  }

  public private(set) var records: [Record] = []
  public var answer: (Record) -> UInt64 = { _ in 0 }
  public var onWrite: (Record) -> Void = { _ in }

  public override func read(_ access: Access) -> UInt64 {
    let record = Record(
      window: Int(access.window), offset: Int(access.offset), size: Int(access.size), value: nil)
    records.append(record)
    return answer(record)
  }

  public override func write(_ access: Access, _ value: UInt64) {
    let record = Record(
      window: Int(access.window), offset: Int(access.offset), size: Int(access.size), value: value)
    records.append(record)
    onWrite(record)
  }
}

import CKVM
import CLinux

/// KVM's own counters of a virtual machine or a vCPU, read through its statistics descriptor (KVM_GET_STATS_FD), which
/// says of itself what each is called, where it lies and in what unit it counts (KVM API, section 4.133).
public struct Statistics: ~Copyable, Sendable {
  private let descriptor: Descriptor
  private let dataOffset: Int64
  /// What this KVM counts, in its own order.
  public let descriptions: [StatisticDescription]

  /// No KVM is near these; they bound what a descriptor that says nonsense can make us read.
  private static let longestName: UInt32 = 4096
  private static let mostDescriptions: UInt32 = 65536

  init(of owner: Int32) throws(KVMError) {
    let number = try check(ckvm_call(owner, KVM_GET_STATS_FD_, 0), "KVM_GET_STATS_FD")
    try self.init(descriptor: Descriptor(owning: Int32(number)))
  }

  /// - Parameter descriptor: of a file in the form of KVM's.
  init(descriptor: consuming Descriptor) throws(KVMError) {
    var header = kvm_stats_header()
    let length = unsafe pread(descriptor.number, &header, MemoryLayout<kvm_stats_header>.size, 0)
    guard length == MemoryLayout<kvm_stats_header>.size, header.name_size <= Self.longestName,
      header.num_desc <= Self.mostDescriptions
    else { throw KVMError("KVM_GET_STATS_FD", errno: EIO, advice: "a header that makes no sense") }
    descriptions = Self.read(descriptor.number, header)
    dataOffset = Int64(header.data_offset)
    self.descriptor = descriptor
  }

  /// One description after the other: fixed fields, then the name in `name_size` bytes.
  private static func read(_ file: Int32, _ header: kvm_stats_header) -> [StatisticDescription] {
    let fixed = MemoryLayout<kvm_stats_desc>.size
    let stride = fixed + Int(header.name_size)
    var bytes = [UInt8](repeating: 0, count: stride * Int(header.num_desc))
    let length = unsafe pread(file, &bytes, bytes.count, Int(header.desc_offset))
    return Swift.stride(from: 0, to: max(0, length - stride + 1), by: stride).map { start in
      let fields = unsafe bytes.withUnsafeBytes { all in
        unsafe all.loadUnaligned(fromByteOffset: start, as: kvm_stats_desc.self)
      }
      let name = bytes[(start + fixed)..<(start + stride)].prefix { $0 != 0 }
      return StatisticDescription(name: String(decoding: name, as: UTF8.self), fields)
    }
  }

  /// The values of a counter: one, or one for each bucket of a histogram. Nil where they cannot be read.
  public func values(of description: StatisticDescription) -> [UInt64]? {
    var values = [UInt64](repeating: 0, count: description.count)
    let size = values.count * MemoryLayout<UInt64>.stride
    let length = unsafe pread(descriptor.number, &values, size, Int(dataOffset + description.offset))
    return length == size && size > 0 ? values : nil
  }

  /// The first value of a counter, nil where this KVM has none of that name.
  public subscript(name: String) -> UInt64? {
    descriptions.first { $0.name == name }.flatMap { values(of: $0)?.first }
  }
}

extension VCPU {
  /// The counters of this vCPU. Needs KVM_CAP_BINARY_STATS_FD.
  public func statistics() throws(KVMError) -> Statistics {
    try Statistics(of: number)
  }
}

extension VirtualMachine {
  /// The counters of the machine as a whole. Needs KVM_CAP_BINARY_STATS_FD.
  public func statistics() throws(KVMError) -> Statistics {
    try Statistics(of: descriptor.number)
  }
}

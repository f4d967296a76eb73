import CKVM
import CLinux

/// KVM's own counters of a vCPU, read through its statistics descriptor (KVM_GET_STATS_FD), which says of
/// itself where each counter lies and what it is called.
public struct Statistics: ~Copyable, Sendable {
  private let descriptor: Descriptor
  private let places: [String: Int64]

  init(vcpu: Int32) throws(KVMError) {
    let number = try check(ckvm_call(vcpu, KVM_GET_STATS_FD_, 0), "KVM_GET_STATS_FD")
    let descriptor = Descriptor(owning: Int32(number))
    var header = kvm_stats_header()
    let length = unsafe pread(descriptor.number, &header, MemoryLayout<kvm_stats_header>.size, 0)
    guard length == MemoryLayout<kvm_stats_header>.size, header.name_size <= 4096, header.num_desc <= 65536
    else { throw KVMError("KVM_GET_STATS_FD", errno: EIO) }
    places = Self.readPlaces(descriptor.number, header)
    self.descriptor = descriptor
  }

  /// One descriptor after the other: fixed fields, then the name in `name_size` bytes.
  private static func readPlaces(_ file: Int32, _ header: kvm_stats_header) -> [String: Int64] {
    let fixed = MemoryLayout<kvm_stats_desc>.size
    let stride = fixed + Int(header.name_size)
    var bytes = [UInt8](repeating: 0, count: stride * Int(header.num_desc))
    let length = unsafe pread(file, &bytes, bytes.count, Int(header.desc_offset))
    var places: [String: Int64] = [:]
    for start in Swift.stride(from: 0, to: max(0, length - stride + 1), by: stride) {
      let place = unsafe bytes.withUnsafeBytes { all in
        unsafe all.loadUnaligned(fromByteOffset: start, as: kvm_stats_desc.self).offset
      }
      let name = bytes[(start + fixed)..<(start + stride)].prefix { $0 != 0 }
      places[String(decoding: name, as: UTF8.self)] = Int64(header.data_offset) + Int64(place)
    }
    return places
  }

  /// The first value of a counter, nil where this KVM has none of that name.
  public subscript(name: String) -> UInt64? {
    guard let place = places[name] else { return nil }
    var value: UInt64 = 0
    let length = unsafe pread(descriptor.number, &value, MemoryLayout<UInt64>.size, Int(place))
    return length == MemoryLayout<UInt64>.size ? value : nil
  }
}

extension VCPU {
  /// The counters of this vCPU. Needs KVM_CAP_BINARY_STATS_FD.
  public func statistics() throws(KVMError) -> Statistics {
    try Statistics(vcpu: number)
  }
}

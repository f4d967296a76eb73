import VMM

/// `struct virtio_net_hdr`, which precedes every frame (virtio 1.2, section 5.1.6).
enum NetHeader {
  /// Length in bytes under VIRTIO_F_VERSION_1, with `num_buffers` always.
  static let count = 12

  /// The header of every received frame: no offload, and one buffer (section 5.1.6.4.1).
  static func received() -> HostBuffer {
    let header = HostBuffer(count: count)
    header.view.store(UInt16(1), at: 10)
    return header
  }
}

import NetBackends
import VMM
import Virtio

/// The network device of virtio 1.2, section 5.1, with one pair of queues and no offloads.
///
/// What is dropped, and counted as such: a transmit chain that holds no frame of ``frameLengths`` behind its
/// header, and a received frame that does not fit the receive chain whose turn it is (which stays for the next
/// one). A received frame without any receive chain stays in the back end.
public final class VirtioNet: VirtioDevice, @unchecked Sendable {
  /// receiveq1 and transmitq1 (section 5.1.2).
  static let receiveQueue = 0
  static let transmitQueue = 1
  /// The largest queue that a driver may set up.
  public static let maximumQueueSize: UInt16 = 1024
  /// Lengths in bytes of the frames that are carried.
  public static let frameLengths = 14...65535
  /// The address of a NIC that is given none: locally administered.
  public static let defaultMAC: [UInt8] = [0x52, 0x54, 0x00, 0x12, 0x34, 0x56]
  /// The most frames that one call moves to the guest. The chains bound it too, but not frames that fit none.
  private static let receiveBudget = 4096

  private let backend: NetBackend
  /// A frame that the driver cut into several buffers is put together here.
  private let gathered = HostBuffer(count: frameLengths.upperBound)
  private let receiveHeader = NetHeader.received()
  private var counts = PacketCounters()

  /// - Parameters:
  ///   - memory: where the driver's queues and buffers lie.
  ///   - backend: the far end of the wire.
  ///   - mac: six bytes.
  public init(memory: GuestMemory, backend: NetBackend, mac: [UInt8] = defaultMAC) {
    precondition(mac.count == 6)
    self.backend = backend
    super.init(
      name: "virtio-net", type: 1, features: [.mac, .status],
      queues: (0..<2).map { _ in SplitQueue(memory: memory, maximumSize: Self.maximumQueueSize) },
      // Status: VIRTIO_NET_S_LINK_UP (section 5.1.4).
      config: mac + [1, 0],
      configFields: [Register("mac", at: 0, count: 6), Register("status", at: 6, count: 2)])
  }

  public override func driverNotified(_ index: Int) {
    if index == Self.transmitQueue { transmit() }
    // What was sent may have come back already.
    receive()
  }

  public override func poll() {
    receive()
  }

  public override var packets: PacketCounters? {
    var counts = counts
    counts.lost = backend.lost
    counts.corrupt = backend.corrupt
    return counts
  }

  /// Sends what is there, and what is added meanwhile until the queue is through once; for what comes later the
  /// driver kicks again.
  private func transmit() {
    serve(Self.transmitQueue) { queue throws(QueueError) in
      while try queue.pop() {
        send(queue.chain)
        queue.complete(written: 0)
      }
    }
  }

  /// Without offloads the header says nothing: the device looks at neither its checksum fields nor its lengths
  /// (section 5.1.6.2.2). Writable buffers do not belong here and are left alone.
  private func send(_ chain: DescriptorChain) {
    let count = chain.readableCount - NetHeader.count
    guard Self.frameLengths.contains(count) else {
      counts.dropped &+= 1
      return fault("transmit chain of \(chain.readableCount) bytes holds no frame behind its header")
    }
    chain.skip(NetHeader.count)
    backend.transmit(chain.gather(into: gathered.view))
    counts.transmitted &+= 1
  }

  private func receive() {
    guard backend.nextLength != nil else { return }
    serve(Self.receiveQueue) { queue throws(QueueError) in
      for _ in 0..<Self.receiveBudget {
        guard let count = backend.nextLength, try queue.pop() else { return }
        if !deliver(count, into: queue) { queue.undoPop() }
      }
    }
  }

  /// Moves the next frame of the back end, `count` bytes, into the chain that was popped; if it does not fit,
  /// drops it and leaves the chain untouched, for without VIRTIO_NET_F_MRG_RXBUF a frame has one chain only
  /// (section 5.1.6.3.2).
  private func deliver(_ count: Int, into queue: SplitQueue) -> Bool {
    guard Self.frameLengths.contains(count), count <= queue.chain.writableCount - NetHeader.count else {
      backend.dropNext()
      counts.dropped &+= 1
      fault("frame of \(count) bytes does not fit a receive chain of \(queue.chain.writableCount)")
      return false
    }
    queue.chain.write(receiveHeader.view)
    queue.chain.withWritable { backend.receive(into: $0) }
    queue.complete(written: NetHeader.count + count)
    counts.received &+= 1
    return true
  }
}

extension VirtioFeatures {
  /// VIRTIO_NET_F_MAC: the configuration space has the address.
  static let mac = VirtioFeatures(rawValue: 1 << 5)
  /// VIRTIO_NET_F_STATUS: the configuration space has the state of the link.
  static let status = VirtioFeatures(rawValue: 1 << 16)
}

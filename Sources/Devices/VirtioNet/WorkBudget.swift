import NetBackends

/// How much one call may still do before it lets go of the thread; what is left over goes on soon.
///
/// Chains alone are no bound: a queue of 1024 holds 64 MiB of frames, which a driver can have cut into eight
/// million segments, and a vCPU fills it again while it is served. What following a chain costs is not counted:
/// a queue's size bounds its descriptors, and ``QueueService`` how often the queue is served.
struct WorkBudget {
  /// In bytes. A full queue of ordinary frames takes less.
  private static let bytes = 64 << 20
  /// What a frame or a segment costs beside its own bytes: for headers, checksums and a system call.
  private static let overhead = 1024

  private var left = bytes

  var isSpent: Bool { left <= 0 }

  /// Counts a frame of `count` bytes; of a longer one than there can be no more is looked at.
  mutating func spend(_ count: Int) {
    left &-= min(count, NetBackend.longestFrame) &+ Self.overhead
  }

  /// Counts the segments of `size` bytes, at least 1, that `count` bytes are to be cut into, whoever does it.
  mutating func spend(cutting count: Int, into size: Int) {
    left &-= count / size &* Self.overhead
  }
}

import VMM

/// Nobody at the far end: frames go out and are looked at by none, as from a NIC of QEMU's without a netdev. For measuring
/// the NIC alone.
public final class Nobody: NetBackend, @unchecked Sendable {
  public init() {
    super.init(name: "none")
  }

  public override var accepts: Offloads { .all }
}

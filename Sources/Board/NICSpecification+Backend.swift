import KVM
import NetBackends
import VMM

extension NICSpecification {
  /// Makes the far end of the wire.
  ///
  /// - Parameter end: of the wire, for ``Backend/bridge``.
  /// - Throws: ``MachineError/configuration(_:)`` where there is no such far end, or a file cannot be written.
  func makeBackend(_ end: NetBackend? = nil) throws(MachineError) -> NetBackend {
    do throws(KVMError) {
      let backend = try makeFarEnd(end)
      guard let pcap else { return backend }
      return try Capture(backend, path: pcap)
    } catch { throw .configuration(error.description) }
  }

  private func makeFarEnd(_ end: NetBackend?) throws(KVMError) -> NetBackend {
    switch backend {
    case .none: return Nobody()
    case .sink: return Sink()
    case .reflector: return Reflector()
    case .source(let size, let frames): return Source(size: size, frames: frames, station: mac)
    case .tap(let interface): return try TAP(interface: interface)
    case .passt(let socket): return try Passt(path: socket)
    case .bridge:
      guard let end else {
        throw KVMError("bridge", errno: 0, advice: "nobody gave the NIC its end of the wire")
      }
      return end
    }
  }
}

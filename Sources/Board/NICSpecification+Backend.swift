import NetBackends
import VMM

extension NICSpecification {
  /// Makes the far end of the wire.
  ///
  /// - Throws: ``MachineError`` where the host lacks what it takes, or a file cannot be written.
  func makeBackend() throws(MachineError) -> NetBackend {
    switch backend {
    case .sink: return Sink()
    case .reflector: return Reflector()
    case .source(let size, let frames): return Source(size: size, frames: frames, station: mac)
    case .tap, .passt, .bridge: throw .configuration("\(backend): not there yet")
    }
  }
}

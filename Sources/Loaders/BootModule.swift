import VMM

/// A file that the guest is given beside the image (Multiboot 0.6.96, section 3.3, flag 3).
public struct BootModule: Sendable {
  /// Its content, whose owner outlives the load.
  public let bytes: MemoryView
  /// What the guest is told of it, by custom its name and words for it.
  public let text: String

  public init(_ bytes: MemoryView, text: String) {
    self.bytes = bytes
    self.text = text
  }
}

extension [BootModule] {
  /// Where the modules go: above 1 MiB and above the image's end, which guests take for the first free byte,
  /// each on a page of its own, as header flag 0 may ask (section 3.1.2), below the hole, since the guest is
  /// told 32-bit addresses.
  func placed(above image: [Segment]) throws(LoadProblem) -> [Segment] {
    let hole = GuestMemory.hole.lowerBound
    var end = image.lazy.map(\.end).filter { $0 <= hole }.max() ?? 0
    end = Swift.max(end, 1 << 20)
    var placed: [Segment] = []
    for (index, module) in enumerated() {
      let start = (end + 0xfff) & ~0xfff
      end = start + UInt64(module.bytes.count)
      guard end <= hole else { throw .placement(.moduleAboveHole("module \(index)")) }
      placed.append(Segment("module \(index)", module.bytes, at: start, size: UInt64(module.bytes.count)))
    }
    return placed
  }
}

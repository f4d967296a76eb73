import CGuestImages
import VMM

/// A guest image that is part of the program.
public struct BuiltinImage: Sendable {
  /// As in `builtin:NAME`.
  public let name: String
  /// The file. Lives as long as the program.
  public let bytes: MemoryView

  /// All images, in alphabetical order.
  public static let all: [BuiltinImage] = {
    var images: [BuiltinImage] = []
    var entry = unsafe guest_images()!
    while let name = unsafe entry.pointee.name {
      let start = unsafe entry.pointee.start!
      let count = unsafe entry.pointee.end - start
      images.append(
        BuiltinImage(
          name: unsafe String(cString: name),
          bytes: unsafe MemoryView(base: UnsafeMutableRawPointer(mutating: start), count: count)))
      unsafe entry += 1
    }
    return images
  }()

  /// The image of that name, nil where there is none.
  public static func named(_ name: String) -> BuiltinImage? {
    all.first { $0.name == name }
  }
}

import ArgumentParser
import BuiltinImages
import CLinux
import Guests
import Loaders

struct Images: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "images", abstract: "Lists the built-in images and their keys.")

  func run() throws {
    var text = ""
    for builtin in BuiltinImage.all {
      let image: BootImage
      do throws(LoadError) {
        image = try BootImage(builtin.bytes, name: "builtin:\(builtin.name)")
      } catch {
        throw Failure(status: 1, message: error.description)
      }
      text += "builtin:\(builtin.name)  \(image.manifest?.summary ?? "")\n"
      for nic in image.manifest?.nics ?? [] { text += "    nic \(nic)\n" }
      for key in image.manifest?.keys ?? [] {
        text += "    \(key.name)=\(key.defaultValue)  (\(key.domain)) \(key.text)\n"
      }
    }
    if text.isEmpty { throw Failure(status: 1, message: "built without images: use 'make build'") }
    try writeToStandardOutput(text)
  }
}

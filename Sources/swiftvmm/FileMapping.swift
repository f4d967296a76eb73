import CLinux
import KVM
import VMM

/// A file's content, mapped for reading. The mapping lasts as long as the program.
struct FileMapping {
  let bytes: MemoryView

  /// - Throws: ``Failure`` for a file that is not there, not readable, or no file.
  init(_ path: String) throws(Failure) {
    let number = unsafe linux_open(path, O_RDONLY)
    guard number >= 0 else {
      throw .usage(KVMError(path, errno: Int32(-number), advice: "give the path of a file").description)
    }
    let file = Descriptor(owning: Int32(number))
    var status = stat()
    guard unsafe fstat(file.number, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw .usage("\(path): not a regular file")
    }
    guard status.st_size > 0 else { throw .usage("\(path): the file is empty") }
    // A private copy that nobody else can shorten under us would cost the whole file: a mapping must do.
    let address = linux_map_descriptor(file.number, Int(status.st_size), PROT_READ)
    guard let base = unsafe UnsafeMutableRawPointer(bitPattern: address), address > 0 else {
      throw .usage(KVMError("mmap of \(path)", errno: Int32(-address)).description)
    }
    unsafe bytes = unsafe MemoryView(base: base, count: Int(status.st_size))
  }
}

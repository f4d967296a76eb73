import CLinux
import HostFacts
import VMM

/// A part of the guest's memory that is made untouched again and again, with pages of a wanted size behind it.
struct FreshMemory: Sendable {
  /// Distance of the places that the guest touches, in bytes.
  let stride: Int
  /// The host shall back it by pages of 2 MiB; else by none larger than 4 KiB.
  let isHuge: Bool

  static let small = FreshMemory(stride: 4096, isHuge: false)
  static let huge = FreshMemory(stride: 2 << 20, isHuge: true)
  /// Behind the image, and on a boundary of 2 MiB.
  static let address: GuestAddress = 32 << 20

  /// Why the host cannot back it so, nil where it can.
  static func obstacle(to memory: FreshMemory) -> String? {
    guard memory.isHuge else { return nil }
    let path = "/sys/kernel/mm/transparent_hugepage/enabled"
    guard let setting = KernelFile.firstLine(of: path) else {
      return "this kernel has no transparent huge pages (\(path))"
    }
    return setting.contains("[never]") ? "transparent huge pages are off: echo madvise > \(path)" : nil
  }

  /// Asks the host for pages of the size. False where it refuses, or the memory lies askew for it.
  func advise(_ view: MemoryView) -> Bool {
    unsafe view.withUnsafeBytes { bytes in
      if isHuge, UInt(bitPattern: bytes.baseAddress) % UInt(stride) != 0 { return false }
      return unsafe madvise(bytes.baseAddress, bytes.count, isHuge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE) == 0
    }
  }

  /// Takes the pages away; the next touch of each finds none, neither in KVM's page tables nor in the host's.
  static func renew(_ view: MemoryView) {
    unsafe view.withUnsafeBytes { bytes in
      _ = unsafe madvise(bytes.baseAddress, bytes.count, MADV_DONTNEED)
    }
  }

  /// Bytes of this process in transparent huge pages; nil where the kernel does not tell.
  static var hugeBytes: Int? {
    KernelFile.contents(of: "/proc/self/smaps_rollup")?.split(separator: "\n")
      .first { $0.hasPrefix("AnonHugePages:") }
      .flatMap { $0.split(separator: " ").dropFirst().first.flatMap { Int($0) } }.map { $0 << 10 }
  }
}

import KVM

/// Why a machine could not be made or started.
public enum MachineError: Error, CustomStringConvertible {
  /// A call to KVM failed.
  case kvm(KVMError)
  /// Guest memory could not be had.
  case memory(GuestMemoryError)
  /// Devices contradict each other.
  case bus(BusError)
  /// A configuration that no machine has.
  case configuration(String)

  public var description: String {
    switch self {
    case .kvm(let error): error.description
    case .memory(let error): error.description
    case .bus(let error): error.description
    case .configuration(let text): text
    }
  }

  /// The user asked for what cannot be, as opposed to a host that cannot.
  public var isUsersMistake: Bool {
    switch self {
    case .configuration, .memory(.badSize): true
    default: false
    }
  }
}

extension GuestMemoryError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .badSize(let size):
      "guest memory of \(size) bytes: at least 1 MiB and a multiple of 4 KiB, please"
    case .cannotMap(let size, let errno):
      KVMError(
        "mmap of \(size >> 20) MiB of guest memory", errno: errno, advice: "try a smaller --memory"
      ).description
    case .cannotChoosePages(let errno):
      KVMError(
        "madvise of guest memory", errno: errno, advice: "this kernel has no transparent huge pages"
      ).description
    case .cannotMapTable(let size, let errno):
      KVMError(
        "mmap of \(size >> 10) KiB for the tables of a vCPU", errno: errno, advice: "try fewer --cpus"
      ).description
    }
  }
}

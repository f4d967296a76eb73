/// The arguments of `boot`, as text; ``GuestRequest`` and the command check them.
struct BootArguments: Equatable {
  var image: String
  var words: [String] = []
  var cmdline: String?
  var memory: String?
  var cpus: String?
  var modules: [String] = []
  var entry: String?
  var irqchip: String?
  var nics: [String] = []
  var pcap: String?
  var cpuid: [String] = []
  var timeLimit: String?
  var json: String?
  var quiet = false
  var noKernelCounts = false
  var witness = false

  init(image: String) {
    self.image = image
  }

  /// Takes arguments in their plainest form: options by their full names with their values behind them. Nil for anything
  /// else: help, abbreviations, `--name=value`, repetitions, mistakes.
  ///
  /// ArgumentParser, which takes all of these and says what is wrong, needs more time for it than KVM to boot a guest; so
  /// ``Boot`` is asked only where this says nil. A test holds the two against each other.
  init?(plain arguments: [String]) {
    var rest = arguments[...]
    var positional: [String] = []
    image = ""
    while let word = rest.popFirst() {
      guard word.hasPrefix("-") else {
        positional.append(word)
        continue
      }
      guard takeFlag(word) || takeOption(word, &rest) else { return nil }
    }
    guard let first = positional.first else { return nil }
    image = first
    words = Array(positional.dropFirst())
  }

  private mutating func takeFlag(_ word: String) -> Bool {
    switch word {
    case "--quiet" where !quiet: quiet = true
    case "--no-kernel-counts" where !noKernelCounts: noKernelCounts = true
    case "--witness" where !witness: witness = true
    default: return false
    }
    return true
  }

  private mutating func takeOption(_ word: String, _ rest: inout ArraySlice<String>) -> Bool {
    guard let value = rest.popFirst(), !value.hasPrefix("-") else { return false }
    switch word {
    case "--cmdline" where cmdline == nil: cmdline = value
    case "--memory" where memory == nil: memory = value
    case "--cpus" where cpus == nil: cpus = value
    case "--module": modules.append(value)
    case "--entry" where entry == nil: entry = value
    case "--irqchip" where irqchip == nil: irqchip = value
    case "--nic": nics.append(value)
    case "--pcap" where pcap == nil: pcap = value
    case "--cpuid": cpuid.append(value)
    case "--time-limit" where timeLimit == nil: timeLimit = value
    case "--json" where json == nil: json = value
    default: return false
    }
    return true
  }
}

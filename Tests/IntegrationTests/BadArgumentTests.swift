import TestSupport
import Testing

/// Expects what every refusal is: the status, one line on stderr that begins with the program's name and says
/// what is wrong, nothing on stdout.
func expectRefusal(
  _ run: Run, status: Int32 = 35, saying words: String, sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(run.status == status, "\(run.arguments)", sourceLocation: sourceLocation)
  #expect(run.text == "", sourceLocation: sourceLocation)
  #expect(run.errors.hasPrefix("swiftvmm: "), "\(run.errors)", sourceLocation: sourceLocation)
  #expect(run.errors.hasSuffix("\n"), sourceLocation: sourceLocation)
  #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)", sourceLocation: sourceLocation)
  #expect(run.errors.contains(words), "\(run.errors)", sourceLocation: sourceLocation)
}

@Suite("Bad arguments are one clear line and status 35", .sameOnEveryHost)
struct BadArgumentTests {
  struct Mistake: Sendable, CustomTestStringConvertible {
    let arguments: [String]
    let words: String

    /// - Parameters:
    ///   - arguments: blanks part them.
    ///   - words: a part of what is said.
    init(_ arguments: String, _ words: String) {
      self.arguments = arguments.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
      self.words = words
    }

    var testDescription: String { arguments.joined(separator: " ") }
  }

  static let ofTheProgram = [
    Mistake("boot", "Missing expected argument '<image>'"),
    Mistake("boto", "Unexpected argument 'boto'; see 'swiftvmm --help'"),
    Mistake("boot --nonsense", "see 'swiftvmm boot --help'"),
    Mistake("pair --left builtin:hello", "see 'swiftvmm pair --help'"),
    Mistake("images all", "see 'swiftvmm images --help'"),
    Mistake("boot builtin:hello --memroy 1G", "Unknown option '--memroy'. Did you mean '--memory'?"),
    Mistake("boot builtin:hello --memory", "Missing value for '--memory <size>'"),
    Mistake("boot builtin:hello --time-limit 0", "--time-limit 0: more than 0"),
    Mistake("boot builtin:hello --time-limit=-1", "--time-limit -1: more than 0"),
    Mistake("boot builtin:hello --time-limit nan", "--time-limit nan: more than 0"),
    Mistake("boot builtin:hello --time-limit 1e7", "at most 1000000 seconds"),
    Mistake("boot builtin:hello --time-limit abc", "--time-limit abc: more than 0"),
    Mistake("boot builtin:hello --json ", "--json: the path is empty"),
    Mistake("bench --json ", "--json: the path is empty"),
    Mistake("ladder --json ", "--json: the path is empty"),
    Mistake("survey --json ", "--json: the path is empty"),
    Mistake("boot builtin:hello --json x --nic e1000,pcap=x", "--json x and pcap=x: the same file"),
    Mistake("boot builtin:hello --irqchip both", "--irqchip both: kernel or none"),
    Mistake("boot builtin:hello --cpuid nothing", "--cpuid nothing: like 1:ecx=0/0x200000"),
    Mistake("boot builtin:hello --cpuid 1:esp=0", "--cpuid 1:esp=0: like "),
    Mistake("boot builtin:hello --cpuid 1:ecx=0x100000000", "--cpuid 1:ecx=0x100000000: like "),
    Mistake("boot builtin:hello --cpuid 1:ecx=0/0/0", "--cpuid 1:ecx=0/0/0: like "),
    Mistake("boot builtin:hello --cpus two", "--cpus two: a number, please"),
    Mistake("boot builtin:hello --cpus +1", "--cpus +1: a number, please"),
    Mistake("boot builtin:hello --cpuid +1:ecx=0", "--cpuid +1:ecx=0: like "),
    Mistake("ladder --packets 0", "--packets: 1 to 1000000000"),
    Mistake("ladder --runs 101", "--runs: 1 to 100"),
    Mistake("ladder --rungs e1000-naive,e999", "no rung 'e999'"),
    Mistake("ladder --rungs ************z", "no rung '************z'"),
    Mistake("ladder --sizes 63", "'63' is none of 64, 1514, 64K"),
    Mistake("ladder --directions up", "'up' is none of transmit, receive, echo"),
    Mistake("ladder --rungs e1000-naive --sizes 64K", "no rung of these"),
  ]

  static let ofTheImage = [
    Mistake("boot builtin:nothing", "no built-in image 'nothing'; 'swiftvmm images' lists them"),
    Mistake("boot builtin:exits oi=3", "oi=3: unknown key; did you mean io?"),
    Mistake("boot builtin:exits io", "io: the image takes words like KEY=VALUE"),
    Mistake("boot builtin:exits io=10000001", "io=10000001: the value must be in 0..10000000"),
    Mistake("boot builtin:exits io=-1", "io=-1: the value must be in 0..10000000"),
    Mistake("boot builtin:exits io=", "io=: the value must be in 0..10000000"),
    Mistake("boot builtin:exits cpl=1", "cpl=1: the value must be in 3|0"),
    Mistake("boot builtin:exits io=1 io=2", "io=2: the key is given twice"),
    Mistake("boot builtin:hello x=1", "x=1: unknown key; the image takes none"),
    Mistake("boot builtin:hello --cmdline x=1", "x=1: unknown key; the image takes none"),
    Mistake("boot /nowhere", "/nowhere: No such file or directory"),
    Mistake("boot /", "/: not a regular file"),
    Mistake("boot /dev/null", "/dev/null: not a regular file"),
    Mistake("boot ", "the image's path is empty"),
    Mistake("boot builtin:hello --module ", "--module : the path is empty"),
    Mistake("boot builtin:hello --module :text", "--module :text: the path is empty"),
    Mistake("boot builtin:e1000-tx --pcap ", "--pcap: the path is empty"),
    Mistake("boot builtin:hello --module /nowhere", "/nowhere: No such file or directory"),
    Mistake("boot builtin:hello --module /nowhere:text", "/nowhere: No such file or directory"),
    Mistake("boot builtin:hello --entry real", "--entry real: expected MODE@ADDRESS"),
    Mistake("boot builtin:hello --entry unreal@0x1000", "--entry unreal@0x1000: expected MODE@ADDRESS"),
    Mistake("boot builtin:hello --entry real@0x1000g", "expected MODE@ADDRESS"),
    Mistake(
      "boot builtin:hello --entry real@0x100000", "0x100000 is not below 0x100000, the end of real mode"),
    Mistake("boot builtin:hello --entry long@0x100000000", "above 4 GiB"),
    Mistake("boot builtin:hello --entry real@0x1000 word", "a real-mode image can be given neither"),
    Mistake("boot builtin:hello --memory abc", "--memory abc: a number of bytes"),
    Mistake("boot builtin:hello --memory 1.5G", "--memory 1.5G: a number of bytes"),
    Mistake("boot builtin:hello --memory 99999999999999999999", "a number of bytes"),
    Mistake("boot builtin:hello --memory 999999G", "--memory 999999G: more than the "),
    Mistake("boot builtin:hello --nic e1001", "NIC 'e1001': the model is e1000, virtio-net-pci or"),
    Mistake("boot builtin:hello --nic e1000,backend=tap", "backend=tap needs ifname=NAME"),
    Mistake("boot builtin:hello --pcap /tmp/x", "--pcap /tmp/x: for one NIC without pcap="),
    Mistake("boot builtin:e1000-tx --nic e1000 --nic virtio-net --pcap x", "--pcap x: for one NIC"),
    Mistake("boot builtin:hello --nic e1000,mca=1", "'mca=1' is no option here; there is backend, mac,"),
  ]

  /// Found when the machine is made, for which KVM has to be there.
  static let ofTheMachine = [
    Mistake("boot builtin:hello --memory 0", "guest memory of 0 bytes: at least 1 MiB"),
    Mistake("boot builtin:hello --memory 1K", "guest memory of 1024 bytes: at least 1 MiB"),
    Mistake("boot builtin:hello --memory 104857601", "a multiple of 4 KiB"),
    Mistake("boot builtin:hello --memory 1M", "beyond the guest's 1 MiB; it takes 2 MiB"),
    Mistake("boot builtin:hello --cpus 0", "0 CPUs: this host's KVM takes 1 to "),
    Mistake("boot builtin:hello --cpus 100000", "100000 CPUs: this host's KVM takes 1 to "),
    Mistake("boot builtin:hello --cpus 2 --irqchip none", "there is one CPU"),
    Mistake("boot builtin:hello --nic e1000 --nic e1000", "two NICs of model e1000"),
    Mistake("boot builtin:hello --nic e1000,backend=passt,socket=/nowhere/passt", "/nowhere/passt"),
    Mistake("boot builtin:hello --nic e1000,backend=tap,ifname=lo", "TAP lo: "),
  ]

  @Test("Refused before anything is made", arguments: ofTheProgram + ofTheImage)
  func refused(mistake: Mistake) throws {
    expectRefusal(try Swiftvmm.run(mistake.arguments), saying: mistake.words)
  }

  @Test("Refused by the machine", .requiresKVM, arguments: ofTheMachine)
  func refusedByTheMachine(mistake: Mistake) throws {
    expectRefusal(try Swiftvmm.run(mistake.arguments), saying: mistake.words)
  }

  @Test(
    "A report that cannot be written is found before the guest runs", .requiresKVM,
    arguments: ["/nowhere/report.json", "/"])
  func unwritableReport(path: String) throws {
    expectRefusal(try Swiftvmm.run(["boot", "builtin:hello", "--json", path]), saying: "\(path): ")
  }

  @Test(
    "So is an output that does not take what a command prints", arguments: ["images", "ladder --rungs list"])
  func fullOutput(command: String) throws {
    let words = command.split(separator: " ").map(String.init)
    let run = try Swiftvmm.run(words, under: ["sh", "-c", "exec \"$0\" \"$@\" > /dev/full"])
    #expect(run.status == 35)
    #expect(run.errors == "swiftvmm: stdout: No space left on device\n")
  }

  @Test("A disk that is full under the report is status 35 too", .requiresKVM)
  func fullDisk() throws {
    let run = try Swiftvmm.run(["boot", "builtin:hello", "--quiet", "--json", "/dev/full"])
    #expect(run.status == 35)
    #expect(run.errors == "swiftvmm: /dev/full: No space left on device\n")
  }
}

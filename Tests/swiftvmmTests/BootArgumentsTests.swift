import ArgumentParser
import TestSupport
import Testing

@testable import swiftvmm

/// The short way through boot's arguments against the library's.
struct BootArgumentsTests {
  /// Words out of which command lines are made: right ones, wrong ones, and those that look like the other kind.
  private static let vocabulary = [
    "image", "builtin:hello", "io=1000", "", "64M", "3", "kernel", "-", "--", "-x", "--quiet", "--quie",
    "--no-kernel-counts", "--witness", "--cmdline", "--memory", "--cpus", "--module", "--entry", "--irqchip",
    "--nic",
    "--cpuid",
    "--time-limit", "--json", "--json=file", "--memory=1G", "--bogus", "--help",
  ]

  @Test func `what the short way takes, the library takes the same`() throws {
    var random = SplitMix64(seed: 1)
    var taken = 0
    for _ in 0..<20_000 {
      let arguments = (0..<Int.random(in: 0..<7, using: &random)).map { _ in
        Self.vocabulary.randomElement(using: &random)!
      }
      guard let plain = BootArguments(plain: arguments) else { continue }
      taken += 1
      let parsed = try Boot.parse(arguments).arguments
      #expect(plain == parsed, "\(arguments)")
    }
    #expect(taken > 500)
  }

  @Test func `a command line of every option takes the short way`() throws {
    let arguments = [
      "image", "--cmdline", "a b", "--memory", "1G", "--cpus", "2", "--module", "f:x", "--module", "g",
      "--entry",
      "real@0x7c00", "--irqchip", "none", "--nic", "e1000", "--pcap", "p", "--cpuid", "1:ecx=0",
      "--time-limit", "3",
      "--json", "out",
      "--quiet", "--no-kernel-counts", "--witness", "io=1", "mmio=2",
    ]
    let plain = try #require(BootArguments(plain: arguments))
    #expect(plain == (try Boot.parse(arguments).arguments))
    #expect(plain.words == ["io=1", "mmio=2"])
    #expect(plain.modules == ["f:x", "g"])
  }

  @Test(arguments: [
    [], ["--help"], ["image", "--memory"], ["image", "--memory=1G"], ["image", "--quie"], ["image", "-q"],
    ["image", "--quiet", "--quiet"], ["--cpus", "1", "--cpus", "2", "image"], ["image", "--json", "--quiet"],
  ])
  func `what is not plain is the library's`(arguments: [String]) {
    #expect(BootArguments(plain: arguments) == nil)
  }
}

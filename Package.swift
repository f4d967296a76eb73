// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target: warnings are errors, and each unsafe expression is marked `unsafe`.
let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .strictMemorySafety(),
]

/// A library target of ours. Arrows point down only; see README.md, section Architecture.
func library(_ name: String, path: String? = nil, uses dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, path: path, swiftSettings: strict)
}

/// A pluggable device, or a family of them: one target each, over the core and what it says beside it.
func device(_ name: String, uses more: [Target.Dependency] = []) -> Target {
  library(name, path: "Sources/Devices/\(name)", uses: ["VMM"] + more)
}

/// The tests of a library target. Those that need KVM say so with a trait of TestSupport.
func tests(of name: String, uses more: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.target(name: name), "TestSupport"] + more,
    swiftSettings: strict)
}

let package = Package(
  name: "swiftvmm",
  products: [
    .executable(name: "swiftvmm", targets: ["swiftvmm"]),
    .library(name: "VMM", targets: ["VMM"]),
  ],
  dependencies: [
    // The command line: parsing, help and suggestions for mistyped words.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    .systemLibrary(name: "CKVM"),
    .systemLibrary(name: "CLinux"),
    .systemLibrary(name: "CGuestMemory"),
    library("KVM", uses: ["CKVM", "CLinux"]),
    library("VMM", uses: ["KVM", "CKVM", "CLinux", "CGuestMemory"]),
    library("Loaders", uses: ["VMM"]),
    library("NetBackends", uses: ["VMM", "KVM", "CLinux"]),
    library("HostFacts", uses: ["CLinux"]),
    library("Witness", uses: ["HostFacts", "VMM", "KVM", "CLinux"]),
    library("Console", uses: ["CLinux"]),

    device("Serial"),
    device("Platform"),
    device("PIC"),
    device("PCI"),
    device("E1000", uses: ["PCI", "NetBackends"]),
    device("Virtio", uses: ["PCI", "KVM"]),
    device("VirtioNet", uses: ["Virtio", "NetBackends"]),

    library(
      "Board",
      uses: [
        "VMM", "KVM", "CLinux", "Console", "NetBackends", "Serial", "Platform", "PIC", "PCI", "E1000",
        "Virtio", "VirtioNet",
      ]),
    library("Presentation"),
    library("Report", uses: ["Board", "Loaders", "VMM", "Witness", "HostFacts", "Presentation"]),
    .target(name: "CGuestImages"),
    library("BuiltinImages", uses: ["CGuestImages", "VMM"]),
    library(
      "Guests",
      uses: [
        "Board", "Report", "Loaders", "BuiltinImages", "NetBackends", "Console", "Witness", "VMM", "KVM",
        "CLinux",
      ]),
    library("Doctor", uses: ["HostFacts", "Presentation", "Witness", "VMM", "KVM", "CLinux"]),
    library("Attach", uses: ["HostFacts", "Presentation", "Witness", "VMM", "KVM", "CLinux"]),
    library(
      "Experiments",
      uses: [
        "Guests", "Board", "Report", "HostFacts", "Presentation", "Witness", "Console", "VMM", "KVM", "CKVM",
        "CLinux",
      ]),
    .executableTarget(
      name: "swiftvmm",
      dependencies: [
        "Guests", "Doctor", "Attach", "Experiments", "Board", "Report", "HostFacts", "Presentation",
        "Loaders",
        "BuiltinImages", "NetBackends", "Console", "Witness", "VMM", "KVM", "CLinux",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),

    .systemLibrary(name: "CTestLinux", path: "Tests/CTestLinux"),
    .target(
      name: "TestSupport", dependencies: ["VMM", "KVM", "CLinux", "CTestLinux"], path: "Tests/TestSupport",
      swiftSettings: strict),
    // What only the whole program shows: guests run by build/swiftvmm, as a user runs them.
    .testTarget(
      name: "IntegrationTests",
      dependencies: ["Report", "Attach", "Doctor", "Experiments", "HostFacts", "KVM", "VMM", "TestSupport"],
      swiftSettings: strict),
    tests(of: "KVM", uses: ["CKVM", "CLinux"]),
    tests(of: "VMM", uses: ["HostFacts", "KVM", "CKVM", "CLinux"]),
    tests(of: "Loaders", uses: ["VMM"]),
    tests(of: "NetBackends", uses: ["VMM", "CLinux"]),
    tests(of: "Serial", uses: ["VMM"]),
    tests(of: "Platform", uses: ["VMM"]),
    tests(of: "PIC", uses: ["VMM"]),
    tests(of: "PCI", uses: ["KVM", "VMM"]),
    tests(of: "E1000", uses: ["PCI", "NetBackends", "VMM"]),
    tests(of: "Virtio", uses: ["PCI", "KVM", "VMM"]),
    tests(of: "VirtioNet", uses: ["Virtio", "NetBackends", "VMM"]),
    tests(of: "Console", uses: ["CLinux"]),
    tests(of: "Witness", uses: ["HostFacts", "VMM", "CLinux"]),
    tests(
      of: "Board", uses: ["Platform", "Serial", "PCI", "E1000", "Virtio", "VMM", "KVM", "Console", "CLinux"]),
    tests(of: "HostFacts"),
    tests(of: "Presentation"),
    tests(of: "Guests", uses: ["BuiltinImages", "Loaders", "NetBackends", "VMM"]),
    tests(of: "Doctor", uses: ["Witness", "VMM", "KVM", "CLinux"]),
    tests(of: "Attach", uses: ["HostFacts", "Witness"]),
    tests(of: "Experiments", uses: ["HostFacts", "Witness", "Guests", "Board", "Console", "KVM", "VMM"]),
    tests(
      of: "swiftvmm",
      uses: ["Guests", .product(name: "ArgumentParser", package: "swift-argument-parser")]),
  ]
)

import Foundation
import TestSupport
import Testing

/// The NIC images on QEMU, whose devices are not ours: what they find, set up and wait for is the standards', not swiftvmm's.
@Suite("The images' drivers work on QEMU too", .requiresKVM, .requiresQEMU, .sameOnEveryHost)
struct ImagesOnQEMUTests {
  /// The guest's status and text.
  private static func run(_ image: String, _ words: String, device: String) throws -> (Int32, String) {
    let scratch = try Scratch()
    let file = URL(filePath: try Swiftvmm.path()).deletingLastPathComponent()
      .appending(path: "images/\(image).elf")
    let child = try Child(
      [
        "qemu-system-x86_64", "-accel", "kvm", "-M", "pc", "-nodefaults", "-no-reboot", "-display", "none",
        "-bios", "qboot.rom", "-kernel", file.path, "-append", words, "-device", device,
        "-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-serial", "file:" + scratch.path("serial"),
      ], [.path("/dev/null"), .path("/dev/null"), .path("/dev/null")])
    // isa-debug-exit makes 2 n + 1 of the guest's n.
    let status = child.wait() >> 1
    return (status, String(decoding: try scratch.bytes("serial"), as: UTF8.self))
  }

  @Test(
    "E1000: polled, by interrupt, moderated; qboot writes a wrong interrupt line for some of these places",
    arguments: [
      "driver=tuned", "driver=interrupt", "driver=interrupt itr=500", "driver=tuned tso=1 batch=20",
    ],
    [2, 3, 4, 5])
  func e1000(words: String, place: Int) throws {
    let (status, text) = try Self.run(
      "e1000-tx", "packets=200 \(words)", device: "e1000,romfile=,addr=\(place)")
    #expect((status, text) == (0, "e1000-tx: 200 packets sent\n"))
  }

  @Test(
    "virtio-net on PCI: polled, by line, by message, with EVENT_IDX and indirect tables",
    arguments: [
      "irq=0", "irq=1 vector=intx", "irq=1 vector=msix", "irq=1 event_idx=1", "irq=1 indirect=1 event_idx=1",
      "irq=1 vector=intx event_idx=1", "batch=1 irq=1",
    ])
  func virtio(words: String) throws {
    let (status, text) = try Self.run(
      "virtio-net-tx", "packets=2000 \(words)", device: "virtio-net-pci,romfile=,disable-legacy=on,addr=4")
    #expect((status, text) == (0, "virtio-net-tx: 2000 packets sent\n"))
  }

  @Test("What a device has not is one line")
  func lacking() throws {
    let device = "virtio-net-pci,romfile=,disable-legacy=on"
    for (words, line) in [
      ("tso=1", "the virtio device does not offer feature 0"),
      ("transport=mmio", "there is no virtio-net over MMIO"),
      ("irq=1 vector=msix", "the virtio device on PCI has no MSI-X"),
    ] {
      let place = words.contains("msix") ? device + ",vectors=0" : device
      let (status, text) = try Self.run("virtio-net-tx", words, device: place)
      #expect((status, text) == (1, line + "\n"))
    }
    let (status, text) = try Self.run("e1000-tx", "driver=interrupt vector=msi", device: "e1000,romfile=")
    #expect((status, text) == (1, "this E1000 has no MSI\n"))
  }
}

import Foundation
import Report
import TestSupport
import Testing

/// Frames that leave the program: into the kernel, into passt, into a file.
@Suite(.requiresKVM) struct FarEndTests {
  /// Frames that the kernel received on an interface of the calling thread's namespace: /proc/net/dev, proc_pid_net(5).
  /// What it drops behind that, as it does with types that nobody listens to, is among them.
  private func received(_ interface: String) throws -> UInt64 {
    let table = try String(contentsOfFile: "/proc/thread-self/net/dev", encoding: .utf8)
    let line = try #require(table.split(separator: "\n").first { $0.contains("\(interface):") })
    return try #require(UInt64(line.split(separator: ":")[1].split(separator: " ")[1]))
  }

  private func inNamespace(_ body: @escaping () throws -> Void) {
    inNetworkNamespace { error in
      #expect(error == nil)
      do { try body() } catch { Issue.record(error) }
    }
  }

  /// Types a key and waits until the guest has sent its frame.
  private func sendFrame(_ terminal: Terminal, _ key: Character) throws {
    terminal.type(Array(String(key).utf8))
    try terminal.readUntil(String(key))
  }

  /// The guest's own end, and its report.
  private func end(_ terminal: Terminal, _ folder: Scratch) throws -> RunReport {
    terminal.type(Array("q".utf8))
    #expect(terminal.child.wait() == 0)
    return try JSONDecoder().decode(RunReport.self, from: Data(folder.bytes("report.json")))
  }

  // MARK: The kernel, by a TAP

  @Test(
    .requiresTAP,
    arguments: [
      ("e1000-tx driver=tuned", "e1000"), ("virtio-net-tx batch=8", "virtio-net-pci"),
      ("virtio-net-tx batch=8 irq=1", "virtio-net-pci,queue=thread"),
      ("virtio-net-tx batch=8", "virtio-net-pci,queue=poll"),
    ])
  func `each frame of the guest's is one that the kernel received`(words: String, nic: String) throws {
    inNamespace {
      #expect(makeTAP("t0"))
      #expect(setInterface("t0", up: true))
      let before = try received("t0")
      let run = try Swiftvmm.boot(
        ["builtin:" + words.prefix { $0 != " " }, "packets=40", "--nic", "\(nic),backend=tap,ifname=t0"]
          + words.split(separator: " ").dropFirst().map(String.init))
      #expect(run.status == 0, "\(run.errors)")
      #expect(try received("t0") - before == 40)
      let device = try #require(try run.report.devices.first { $0.packets != nil })
      #expect(device.packets?.tx == 40 && device.packets?.dropped == 0)
      #expect(device.faults == [])
    }
  }

  @Test(.requiresTAP)
  func `an interface that goes down costs the frames of that time, says so once, and goes on when it is up`()
    throws
  {
    inNamespace {
      #expect(makeTAP("t0"))
      let folder = try Scratch()
      let terminal = try Terminal(
        KeyedE1000.image, "--nic", "e1000,backend=tap,ifname=t0", "--json", folder.path("report.json"))
      try wait(for: "the terminal does not become raw") { terminal.isRaw }
      #expect(setInterface("t0", up: true))
      let before = try received("t0")
      try sendFrame(terminal, "a")
      #expect(setInterface("t0", up: false))
      for key in "bc" { try sendFrame(terminal, key) }
      #expect(setInterface("t0", up: true))
      for key in "de" { try sendFrame(terminal, key) }
      #expect(setInterface("t0", up: false))
      try sendFrame(terminal, "f")
      #expect(try received("t0") - before == 3)
      let nic = try end(terminal, folder).device("e1000")
      #expect(nic.packets?.dropped == 3)
      let line =
        "TAP t0: it is down; 'ip link set t0 up' as root; frames are dropped until it takes them again"
      #expect(nic.faults == [line, line])
    }
  }

  // MARK: passt

  /// A passt that listens, and the path of its socket. As root it would become a user who may not write into the folder.
  private func startPasst(in folder: Scratch) throws -> (Child, String) {
    let path = folder.path("passt.socket")
    let child = try Child(
      ["passt", "--foreground", "--quiet", "--socket", path] + (geteuid() == 0 ? ["--runas", "0"] : []),
      [.path("/dev/null"), .path("/dev/null"), .path("/dev/null")])
    try wait(for: "passt does not listen") { FileManager.default.fileExists(atPath: path) }
    return (child, path)
  }

  @Test(.requires(program: "passt"), .sameOnEveryHost, arguments: ["e1000-tx", "virtio-net-tx"])
  func `passt takes every frame`(image: String) throws {
    let folder = try Scratch()
    let (passt, path) = try startPasst(in: folder)
    let model = image == "e1000-tx" ? "e1000" : "virtio-net-pci"
    let run = try Swiftvmm.boot(
      "builtin:\(image)", "packets=40", "--nic", "\(model),backend=passt,socket=\(path)")
    #expect(run.status == 0, "\(run.errors)")
    let nic = try run.report.device(model)
    #expect(nic.packets?.list == [40, 0, 0, 0, 0])
    #expect(nic.faults == [])
    extendLifetime(passt)
  }

  @Test(.requires(program: "passt"), .sameOnEveryHost)
  func `a passt that dies is one line, and the guest goes on to its end`() throws {
    let folder = try Scratch()
    let (passt, path) = try startPasst(in: folder)
    let terminal = try Terminal(
      KeyedE1000.image, "--nic", "e1000,backend=passt,socket=\(path)", "--json", folder.path("report.json"))
    try wait(for: "the terminal does not become raw") { terminal.isRaw }
    try sendFrame(terminal, "a")
    passt.send(SIGKILL)
    #expect(passt.wait() == -SIGKILL)
    for key in "bcd" { try sendFrame(terminal, key) }
    let nic = try end(terminal, folder).device("e1000")
    #expect(nic.packets?.dropped == 3)
    #expect(nic.faults.count == 1)
    #expect(nic.faults.first?.hasPrefix("passt at \(path) closed the connection") == true, "\(nic.faults)")
  }

  // MARK: A file

  @Test(arguments: ["e1000", "virtio-net-pci", "virtio-net-pci,queue=thread"])
  func `a capture that finds no room says so once, and the traffic goes on`(nic: String) throws {
    let image = nic == "e1000" ? "e1000-tx" : "virtio-net-tx"
    let run = try Swiftvmm.boot(
      "builtin:\(image)", "packets=40", "--nic", "\(nic),backend=sink", "--pcap", "/dev/full")
    #expect(run.status == 0, "\(run.errors)")
    let device = try #require(try run.report.devices.first { $0.packets != nil })
    #expect(device.packets?.list == [40, 0, 0, 0, 0])
    #expect(
      device.faults == [
        "/dev/full: No space left on device: the capture ends here, the traffic goes on"
      ]
    )
  }

  @Test(.requires(program: "tshark"), .sameOnEveryHost)
  func `Wireshark reads each frame of a capture, in both directions`() throws {
    let folder = try Scratch()
    let path = folder.path("frames.pcap")
    let run = try Swiftvmm.boot("builtin:e1000-echo", "packets=20", "size=77", "--pcap", path)
    #expect(run.status == 0, "\(run.errors)")
    let output = try folder.create("lines")
    let tshark = try Child(
      ["tshark", "-r", path, "-T", "fields", "-e", "frame.len", "-e", "eth.type"],
      [.path("/dev/null"), .descriptor(output.fileDescriptor), .path("/dev/null")])
    #expect(tshark.wait() == 0)
    let lines = String(decoding: try folder.bytes("lines"), as: UTF8.self).split(separator: "\n")
    #expect(lines.count == 40)
    #expect(Set(lines) == ["77\t0x88b5"])
  }
}

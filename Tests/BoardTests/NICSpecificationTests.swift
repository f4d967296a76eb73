import E1000
import TestSupport
import Testing
import Virtio

@testable import Board

struct NICSpecificationTests {
  @Test func `a NIC by its model has a sink and nothing unusual`() throws {
    #expect(try NICSpecification("e1000").description == "e1000,backend=sink")
    #expect(try NICSpecification("virtio-net") == NICSpecification("virtio-net-mmio"))
    let nic = try NICSpecification("virtio-net-pci")
    #expect(nic == NICSpecification(.virtioNetPCI))
    #expect(nic.mac == [0x52, 0x54, 0, 0x12, 0x34, 0x58])
    #expect((nic.pcap, nic.queue, nic.mtu, nic.coalesced) == (nil, .vcpu, nil, .none))
  }

  @Test func `every option in any order`() throws {
    var nic = NICSpecification(.virtioNetMMIO)
    nic.backend = .source(size: 65214, frames: 12)
    nic.mac = [2, 0, 0, 0, 0xab, 1]
    nic.pcap = "a=b.pcap"
    nic.queue = .poll
    nic.ioeventfd = false
    nic.mtu = 68
    let text =
      "virtio-net,ioeventfd=off,mtu=68,frames=12,queue=poll,pcap=a=b.pcap,mac=02:00:00:00:AB:01,size=65214,"
      + "backend=source"
    #expect(try NICSpecification(text) == nic)
    var e1000 = NICSpecification(.e1000)
    e1000.backend = .tap(interface: "tap0")
    e1000.coalesced = .doorbell
    #expect(
      try NICSpecification("e1000,queue=vcpu,coalesced=doorbell,backend=tap,ifname=tap0") == e1000)
  }

  @Test(
    arguments: [
      ("e1000", nil), ("virtio-net,backend=source,size=1514", nil), ("virtio-net-pci,backend=bridge", nil),
      ("e1000,backend=tap,ifname=tap0", "backend=tap,ifname=tap0"),
      ("virtio-net,backend=passt,socket=/run/p", "backend=passt,socket=/run/p"),
      ("virtio-net,backend=none,pcap=/tmp/x", "pcap=/tmp/x"),
    ] as [(String, String?)])
  func `what it opens on the host`(nic: String, reach: String?) throws {
    #expect(try NICSpecification(nic).reach == reach)
  }

  @Test(arguments: 0..<100 as Range<UInt64>)
  func `what a NIC is described as gives the same NIC`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var nic = NICSpecification(NICSpecification.Model.allCases.randomElement(using: &random)!)
    nic.backend = [
      .none, .sink, .reflector, .bridge, .tap(interface: "tap\(random.next() % 100)"),
      .passt(socket: "/run/p \(seed).socket"),
      .source(size: Int.random(in: 60...1514, using: &random), frames: random.next() >> (seed % 65)),
      .source(size: 54 + 4 * Int.random(in: 366...16290, using: &random), frames: 0),
    ].randomElement(using: &random)!
    if Bool.random(using: &random) { nic.mac = [UInt8(seed & 0x7f) << 1 | 2, 1, 0x0f, 0xf0, 0, 0xff] }
    if Bool.random(using: &random) { nic.pcap = "/tmp/\(seed)" }
    if nic.model == .e1000 {
      nic.coalesced = CoalescedWrites.allCases.randomElement(using: &random)!
    } else {
      nic.queue = QueueService.allCases.randomElement(using: &random)!
      nic.ioeventfd = nic.queue == .vcpu || Bool.random(using: &random)
      if Bool.random(using: &random) { nic.mtu = UInt16.random(in: 68...65535, using: &random) }
    }
    #expect(try NICSpecification(nic.description) == nic)
  }

  @Test(arguments: [
    ("", "the model is e1000, virtio-net-pci or virtio-net-mmio; virtio-net is short for virtio-net-mmio"),
    ("E1000", "the model is "), ("sink", "the model is "), (",", "the model is "),
    ("e1000,", "'' is not like OPTION=VALUE"), ("e1000,backend", "'backend' is not like OPTION=VALUE"),
    ("e1000,backend=", "'backend=': backend is none, sink, reflector, source, tap, passt or bridge"),
    ("e1000,backend=bride", "'backend=bride': backend is none, sink, "),
    ("e1000,backend=sink,backend=sink", "'backend=sink': backend is given twice"),
    ("e1000,x=1", "'x=1' is no option here; there is backend, mac, pcap, coalesced, queue"),
    ("virtio-net,coalesced=none", "is no option here; there is backend, mac, pcap, queue, ioeventfd, mtu"),
    ("e1000,mtu=1500", "'mtu=1500' is no option here"), ("e1000,queue=poll", "the vCPU serves an E1000"),
    ("e1000,queue=x", "queue is vcpu, thread, adaptive or poll"),
    ("virtio-net,queue=thread,ioeventfd=no", "ioeventfd is on or off"),
    ("virtio-net,ioeventfd=off", "'ioeventfd=off': it wakes the thread of queue=thread, "),
    ("virtio-net,queue=vcpu,ioeventfd=on", "'ioeventfd=on': it wakes the thread of queue=thread, "),
    ("e1000,ioeventfd=off", "'ioeventfd=off' is no option here"),
    ("e1000,coalesced=x", "none, quiet or doorbell"),
    ("virtio-net,mtu=+1500", "mtu is 68 to 65535"),
    ("virtio-net,mtu=67", "mtu is 68 to 65535"), ("virtio-net,mtu=65536", "mtu is 68 to 65535"),
    ("e1000,ifname=tap0", "is no option here"), ("e1000,backend=tap", "backend=tap needs ifname=NAME"),
    ("e1000,backend=tap,ifname=", "ifname is 1 to 15"), ("e1000,backend=tap,ifname=a/b", "ifname is 1 to 15"),
    ("e1000,backend=tap,ifname=0123456789abcdef", "ifname is 1 to 15"),
    ("e1000,backend=tap,ifname=tap%d", "ifname is 1 to 15"),
    ("e1000,backend=tap,ifname=..", "ifname is 1 to 15"),
    ("e1000,backend=passt", "backend=passt needs socket=PATH"),
    (
      "e1000,backend=passt,socket=" + String(repeating: "a", count: 108), "socket is a path of 1 to 107 bytes"
    ),
    ("e1000,backend=source,size=59", "size is 60 to 1514, or up to 65214"),
    ("e1000,backend=source,size=1515", "size is 60"), ("e1000,backend=source,size=65218", "size is 60"),
    ("e1000,backend=source,size=+60", "size is 60"),
    ("e1000,backend=source,frames=-1", "frames is a number"),
    ("e1000,backend=source,frames=+1", "frames is a number"),
    ("e1000,size=60", "'size=60' is no option here"),
    ("e1000,mac=1", "mac is six bytes like 52:54:00:12:34:56, no group address"),
    ("e1000,mac=01:00:00:00:00:00", "mac is six"), ("e1000,mac=00:00:00:00:00:00", "mac is six"),
    ("e1000,mac=02:00:00:00:00:0g", "mac is six"), ("e1000,mac=02:00:00:00:00:+1", "mac is six"),
    ("e1000,mac=02:00:00:00:00:-0", "mac is six"),
    ("e1000,mac=02:00:00:00:00:00:", "mac is six"), ("e1000,mac=020:0:00:00:00:00", "mac is six"),
    ("e1000,pcap=", "pcap is the path of a file"),
  ])
  func `no NIC`(text: String, reason: String) {
    do throws(NICSpecificationError) {
      _ = try NICSpecification(text)
      Issue.record("taken: \(text)")
    } catch {
      #expect(error.description.hasPrefix("NIC '\(text)': "))
      #expect(error.description.contains(reason))
    }
  }
}

import NetBackends
import Testing
import VMM
import VirtioNet

@Suite("What a driver finds of virtio-net")
struct VirtioNetTests {
  @Test(
    "device 1 with address, link state and MTU; offloads in both directions, whatever the back end takes")
  func identity() throws {
    let driver = try NetDriver(backend: Recorder(), mac: [2, 4, 6, 8, 10, 12], mtu: 9000)
    #expect(driver.read(0x08) == 1)
    let offered: [UInt32] = [0, 1, 2, 3, 5, 7, 8, 9, 11, 12, 13, 15, 16, 17, 18, 19, 20, 23, 28, 29]
    #expect(driver.read(0x10) == offered.reduce(0) { $0 | 1 << $1 })
    driver.write(0x14, 1)
    #expect(driver.read(0x10) == 1)
    #expect((0..<6).map { driver.read(0x100 + $0, size: 1) } == [2, 4, 6, 8, 10, 12])
    #expect(driver.read(0x106, size: 2) == 1)
    #expect(driver.read(0x108, size: 2) == 1)
    #expect(driver.read(0x10a, size: 2) == 9000)
    #expect(driver.device.name == "virtio-net")
  }

  @Test("the default address is the locally administered one of docs/guest-abi.md's machine")
  func defaultMAC() throws {
    let driver = try NetDriver(backend: Sink())
    #expect((0..<6).map { driver.read(0x100 + $0, size: 1) } == [0x52, 0x54, 0, 0x12, 0x34, 0x56])
  }

  @Test("two queues of up to 1024 and one of 64, and the fields in the ledger by their names")
  func queues() throws {
    let driver = try NetDriver(backend: Sink())
    for (queue, size) in [(0, 1024), (1, 1024), (2, 64), (3, 0)] as [(UInt32, UInt32)] {
      driver.write(0x30, queue)
      #expect(driver.read(0x34) == size)
    }
    let map = driver.device.windows[0].registers
    for (offset, name) in [
      (0x100, "mac"), (0x105, "mac"), (0x106, "status"), (0x107, "status"), (0x10b, "mtu"),
    ] {
      #expect(map.registers[map.number(at: UInt64(offset))].name == name)
    }
  }

  @Test("a device at work counts kicks, interrupts and frames")
  func counters() throws {
    let driver = try NetDriver(backend: Reflector())
    driver.start()
    driver.offer(NetDriver.receive, cut: [1526], writable: true)
    driver.kick(NetDriver.receive)
    driver.offerFrame(0)
    driver.offerFrame(2)
    driver.kick(NetDriver.transmit)
    var packets = PacketCounters()
    packets.transmitted = 2
    packets.received = 1
    packets.lost = 1
    #expect(driver.device.counters == DeviceCounters(kicks: 2, interrupts: 1, packets: packets))
  }

  @Test(
    "the far end's drops and descriptor are the NIC's, and the descriptor is left alone while frames wait")
  func wiring() throws {
    let recorder = Recorder()
    let driver = try NetDriver(backend: recorder)
    recorder.number = 77
    recorder.drops = 3
    #expect(driver.packets.dropped == 3)
    let watch = driver.device.watches[0]
    #expect(watch.descriptor() == -1, "there is no driver")
    driver.start()
    #expect(watch.descriptor() == 77)
    recorder.pending = [[UInt8](repeating: 1, count: 60)]
    watch.serve()
    #expect(watch.descriptor() == -1, "the frame waits for a chain")
    driver.offer(NetDriver.receive, cut: [1526], writable: true)
    driver.kick(NetDriver.receive)
    #expect(watch.descriptor() == 77)
    recorder.number = nil
    #expect(watch.descriptor() == -1)
  }

  @Test("after a reset it works again, and frames of before are still there")
  func reset() throws {
    let driver = try NetDriver(backend: Reflector())
    driver.start()
    driver.offerFrame(0)
    driver.kick(NetDriver.transmit)
    driver.write(0x70, 0)
    for queue in 0..<2 { driver.ram.slice(driver.descriptors(queue), 0x1_0000)!.clear() }
    driver.start()
    driver.offer(NetDriver.receive, cut: [1526], writable: true)
    driver.kick(NetDriver.receive)
    #expect(driver.usedIndex(NetDriver.receive) == 1)
    #expect(driver.packets.received == 1)
  }
}

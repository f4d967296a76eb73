import KVM
import VMM

extension SurveyCategory {
  private static let number: UInt64 = 1000
  private static let probePort: UInt64 = 0x5f0
  private static let outs: (UInt64, String) = (number, "OUTs")
  private static let stores: (UInt64, String) = (number, "stores")
  private static let frames: (UInt64, String) = (number, "frames")

  // MARK: Means

  /// A port that KVM answers in one of its ways.
  private static func out(
    _ name: String, _ answer: SurveyDevice.Answer, _ events: (UInt64, String) = outs, price: String
  ) -> SurveyTrial {
    .instruction(
      name, "out", events, at: SurveyDevice.port, count: .ports(SurveyDevice.name, SurveyDevice.ports)
    ).with {
      $0.device = answer
      $0.price = SurveyPrice(row: price, level: 3)
    }
  }

  private static func store(
    _ name: String, _ answer: SurveyDevice.Answer, _ events: (UInt64, String) = stores, price: String
  ) -> SurveyTrial {
    .instruction(
      name, "write", events, at: SurveyDevice.memory,
      count: .memory(SurveyDevice.name, SurveyDevice.addresses)
    ).with {
      $0.device = answer
      $0.price = SurveyPrice(row: price, level: 3)
    }
  }

  private static func e1000(_ name: String, _ words: [String]) -> SurveyTrial {
    SurveyTrial(
      name: name, events: frames, image: "e1000-tx", words: ["packets=\(number)"] + words,
      count: .memory("e1000", 0xfebc_0000...0xfebd_ffff), price: SurveyPrice(row: "e1000-write", level: 3)
    ).with { $0.count.hardware = nil }
  }

  private static func virtio(_ name: String, batch: UInt64) -> SurveyTrial {
    SurveyTrial(
      name: name, events: frames, image: "virtio-net-tx", words: ["packets=\(number)", "batch=\(batch)"],
      count: .memory("virtio-net", 0xd000_0000...0xd000_0fff),
      price: SurveyPrice(row: "mmio-write", level: 3)
    ).with { $0.count.hardware = nil }
  }

  private static let coalescedOut = out("coalesced PIO", .coalesced, price: "coalesced-out").with {
    $0.needs = [.capability(.coalescedPIO)]
  }
  private static let coalescedStore = store("coalesced MMIO", .coalesced, price: "coalesced-write").with {
    $0.needs = [.capability(.coalescedMMIO)]
  }
  private static let doorbellOut = out("ioeventfd", .doorbell, price: "ioeventfd-out").with {
    $0.needs = [.capability(.ioEventFD)]
  }
  private static let doorbellStore = store("ioeventfd", .doorbell, price: "ioeventfd-write").with {
    $0.needs = [.capability(.ioEventFD)]
  }
  private static let stringInput = SurveyTrial(
    name: "REP INSB, input alone", events: (number, "bytes"), image: "string-io",
    words: ["mode=in", "items=\(number)"], count: .ports("probe", probePort...probePort + 7),
    price: SurveyPrice(row: "rep-ins", level: 3)
  ).with { $0.count.hardware = nil }

  // MARK: Categories

  static let ports: [SurveyCategory] = [
    SurveyCategory(
      "io-emulated", "I/O ports, emulated device", frequency: "very high", elimination: "yes, virtio",
      [
        Case(
          provocation: .instruction(
            "I/O ports, emulated device", "out", outs, at: probePort,
            count: .ports("probe", probePort...probePort + 7)
          ).with { $0.price = SurveyPrice(row: "pio-out", level: 3) },
          remedies: [virtio("virtio in one batch", batch: number), stringInput, coalescedOut, doorbellOut],
          guides: "virtio in one batch")
      ]),
    SurveyCategory(
      "io-virtio", "I/O ports, virtio", frequency: "low", elimination: "partly, batching",
      [
        Case(
          provocation: out(
            "I/O ports, virtio", .userSpace, (number, "notifies"), price: "pio-out"),
          remedies: [
            out("batching", .userSpace, (1, "notify"), price: "pio-out"), doorbellOut,
          ], guides: "batching")
      ]),
    SurveyCategory(
      "io-passthrough", "I/O ports, passthrough", frequency: "none", elimination: "gone",
      [
        Case(
          provocation: out("I/O ports, passthrough", .userSpace, price: "pio-out")
            .with { $0.needs = [.passthrough] },
          remedies: [])
      ]),
  ]

  static let memory: [SurveyCategory] = [
    SurveyCategory(
      "mmio-emulated", "MMIO, emulated device", frequency: "very high", elimination: "yes, virtio",
      [
        Case(
          provocation: e1000("MMIO, emulated device", ["driver=naive"]).with {
            // Nine registers a frame: GuestImages/README.md.
            $0.expectation = .each(9)
          },
          remedies: [
            virtio("virtio in one batch", batch: number),
            e1000("E1000 in one batch", ["driver=tuned", "batch=\(number)"]), coalescedStore,
          ], guides: "virtio in one batch")
      ]),
    SurveyCategory(
      "mmio-virtio", "MMIO, virtio notify", frequency: "low", elimination: "no",
      [
        Case(
          provocation: virtio("MMIO, virtio notify", batch: 1),
          remedies: [virtio("batching", batch: number), doorbellStore])
      ]),
  ]
}

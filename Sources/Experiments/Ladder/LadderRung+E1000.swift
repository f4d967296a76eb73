extension LadderRung {
  /// The emulated NIC, from the driver that programs every register for every packet to the one that does not.
  static let e1000: [LadderRung] = [
    LadderRung(
      "e1000-naive", "E1000 naive", .e1000, words: ["driver=naive"],
      guide: "7+ exits a packet, 100 000/s",
      """
      The guide's steps are address, length, control, then polling. On an 82540EM the address is two registers (TDBAL, \
      TDBAH), the length is the ring's (TDLEN), and a ring set up anew wants its head and tail as well (TDH, TDT) with the \
      transmitter off meanwhile (TCTL twice); the second TDT write sends, one ICR read polls.
      """),
    LadderRung(
      "e1000-coalesced", "E1000 naive, coalesced", .e1000, options: ["coalesced=quiet"],
      words: ["driver=naive"],
      """
      The same driver; KVM keeps the writes that have no effect of their own (TDBAL, TDBAH, TDLEN, TDH) in a ring and \
      hands them over with the next exit. This is what QEMU does as well.
      """),
    LadderRung(
      "e1000-port", "E1000 naive, port window", .e1000, words: ["driver=naive", "window=port"],
      "The same through BAR1: each access is a write of IOADDR and an access of IODATA, so it costs two."),
    LadderRung(
      "e1000-tuned", "E1000 tuned, one by one", .e1000, words: ["driver=tuned"], offloads: true,
      """
      The ring is set up once and completion is a bit in memory: what remains is the write of the tail.
      """),
    LadderRung(
      "e1000-batch", "E1000 tuned, batches of 1000", .e1000, words: ["driver=tuned"], batch: 1000,
      directions: [.transmit, .receive],
      """
      The guide credits batches to virtio, but this NIC's descriptors lie in memory too: one write of the tail hands over \
      as many as the ring holds. The driver makes the difference.
      """),
    LadderRung(
      "e1000-doorbell", "E1000 tuned, coalesced doorbell", .e1000, options: ["coalesced=doorbell"],
      words: ["driver=tuned", "doorbell=each"], batch: 1000, directions: [.transmit],
      """
      One write of the tail a packet, which waits in KVM's ring until that is full (169 writes) or the driver reads a \
      register, as it does once a batch.
      """),
    LadderRung(
      "e1000-irq", "E1000, interrupts", .e1000, words: ["driver=interrupt"], directions: [.transmit],
      """
      A write of the tail and a read of ICR a packet: the driver waits for the interrupt that says it is sent.
      """),
    LadderRung(
      "e1000-msi", "E1000, interrupts by MSI", .e1000, words: ["driver=interrupt", "vector=msi"],
      directions: [.transmit],
      """
      The same by message, which takes the VMM one signal of an irqfd where a pin that rises and falls is two calls. It is \
      one message for all causes, so the handler reads ICR as before. Drivers of operating systems leave it off: the chip \
      has errata there.
      """),
    LadderRung(
      "e1000-tidv", "E1000, interrupts after TIDV", .e1000,
      words: ["driver=interrupt", "tidv=64", "tadv=256"], directions: [.transmit], isExact: false,
      """
      The driver does not wait, and its completions do: for 66 us without another one (TIDV), 262 us at most (TADV).
      """),
    LadderRung(
      "e1000-itr", "E1000, interrupts by ITR", .e1000, words: ["driver=interrupt", "itr=500"],
      directions: [.transmit], isExact: false,
      "The driver does not wait; interrupts are at least 128 us apart (ITR), at most 7813 a second."),
    LadderRung(
      "e1000-rx-irq", "E1000, interrupts", .e1000, words: ["driver=interrupt"], batch: 32,
      directions: [.receive, .echo],
      "An interrupt for the frames that came meanwhile, a read of ICR, a write of RDT when their buffers are free again."
    ),
    LadderRung(
      "e1000-rdtr", "E1000, interrupts after RDTR", .e1000,
      words: ["driver=interrupt", "rdtr=32", "radv=128"], batch: 32, directions: [.receive, .echo],
      isExact: false,
      """
      The same; an interrupt waits for 33 us without another frame (RDTR), 131 us at most (RADV): fewer interrupts, later.
      """),
  ]
}

extension LadderRung {
  private static let unbatched = "4 exits a packet become 2 a batch"
  private static let batched = "2 exits for 1000, 1 000 000/s"

  /// Descriptors in shared memory, from a kick a packet to none at all.
  static let virtio: [LadderRung] = [
    LadderRung(
      "virtio", "virtio-net, one by one", .virtioPCI, offloads: true, guide: unbatched,
      "One kick a packet. Completion is read from the used ring in memory; the guide counts exits for it."),
    batch(4),
    batch(32),
    batch(256),
    batch(1000),
    LadderRung(
      "virtio-mmio-irq", "virtio-net, interrupts by virtio-mmio", .virtioMMIO, words: ["irq=1"], batch: 32,
      guide: batched,
      "A kick a batch, and for its interrupt two more: the handler reads InterruptStatus and writes InterruptACK."
    ),
    LadderRung(
      "virtio-intx", "virtio-net, interrupts by INTx", .virtioPCI, words: ["irq=1", "vector=intx"], batch: 32,
      guide: batched,
      "A kick a batch, and for its interrupt one more: the handler reads ISR, which acknowledges."),
    LadderRung(
      "virtio-msix", "virtio-net, interrupts by MSI-X", .virtioPCI, words: ["irq=1", "vector=msix"],
      batch: 32,
      guide: batched,
      """
      A kick a batch: the message says which queue it is for, so the handler asks nobody. What the kernel answers is the \
      end of interrupt.
      """),
    LadderRung(
      "virtio-event-idx", "virtio-net, EVENT_IDX", .virtioPCI,
      words: ["irq=1", "vector=msix", "event_idx=1"], batch: 32, guide: batched,
      "The same, and each side says at which index it wants to be told next, instead of a flag."),
    LadderRung(
      "virtio-thread", "virtio-net, thread woken by exits", .virtioPCI,
      options: ["queue=thread", "ioeventfd=off"],
      words: ["irq=1", "vector=msix", "event_idx=1"], isExact: false, guide: batched,
      """
      One by one again. A thread serves the queue, and the vCPU that notifies comes to user space only to wake it: that \
      exit is what ioeventfd takes away next.
      """),
    LadderRung(
      "virtio-ioeventfd", "virtio-net, ioeventfd and irqfd", .virtioPCI, options: ["queue=thread"],
      words: ["irq=1", "vector=msix", "event_idx=1"], offloads: true, isExact: false, guide: batched,
      """
      The kick ends in the kernel, which signals an eventfd; a thread serves the queue and signals another, by which the \
      kernel interrupts. Nothing comes to user space.
      """),
    LadderRung(
      "virtio-ioeventfd-1000", "virtio-net, ioeventfd, batches of 1000", .virtioPCI,
      options: ["queue=thread"],
      words: ["irq=1", "vector=msix", "event_idx=1"], batch: 1000, directions: [.transmit, .receive],
      isExact: false, guide: batched, "The same, with a kick for as many packets as the queue holds."),
    LadderRung(
      "virtio-adaptive", "virtio-net, adaptive polling", .virtioPCI, options: ["queue=adaptive"],
      isExact: false,
      """
      The thread looks on for 50 us before it asks for a kick again: a driver that reads the used ring and has its next \
      packet by then need not kick. One that waits for an interrupt takes longer than that here, and pays what it did.
      """),
    LadderRung(
      "virtio-poll", "virtio-net, busy polling", .virtioPCI, options: ["queue=poll"], batch: 32,
      offloads: true,
      isExact: false,
      """
      Both sides look at the rings and ask not to be told: no exit of any kind, for the price of a processor that never \
      sleeps.
      """),
  ]

  private static func batch(_ count: Int) -> LadderRung {
    LadderRung(
      "virtio-\(count)", "virtio-net, batches of \(count)", .virtioPCI, batch: count,
      directions: [.transmit, .receive], offloads: count == 32, guide: batched,
      "One kick a batch. The guide's second exit is the interrupt, which a driver that reads the used ring does without."
    )
  }
}

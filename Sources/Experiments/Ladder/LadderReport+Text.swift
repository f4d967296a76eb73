import Presentation

extension LadderReport {
  /// The widest line.
  public static let width = 150

  /// The report for people: a table for each direction and size, the rungs' explanations, what the figures are.
  public var lines: [String] {
    var lines: [String] = []
    for direction in LadderDirection.allCases {
      for size in LadderSize.allCases {
        let chosen = trials.filter { $0.direction == direction && $0.size == size }
        if !chosen.isEmpty { lines += Self.table(chosen, direction, size) + [""] }
      }
    }
    lines += explanations + [""] + notes.flatMap { wrapped($0, width: Self.width) }
    return lines + problems.flatMap { hanging("WRONG: ", $0, width: Self.width) }
  }

  // MARK: Tables

  private static func table(
    _ trials: [Trial], _ direction: LadderDirection, _ size: LadderSize
  ) -> [String] {
    let isEcho = direction == .echo
    var header = [
      "\(direction.rawValue), \(size.rawValue) bytes", "user", "kernel", "irqs", "exits a packet",
      "packets/s", "min",
      "max",
    ]
    header += isEcho ? ["latency", "99 %"] : ["Gbit/s"]
    header += ["CPU", "the guide says"]
    var table = TextTable(header, words: [0, 4, header.count - 1])
    for trial in trials {
      guard let run = trial.middle else {
        table.add([trial.title] + Array(repeating: "-", count: header.count - 2) + [trial.guide ?? ""])
        continue
      }
      let rates = trial.rates
      var row = [
        trial.title, figure(trial.perPacket(run.userExits)),
        trial.witnessed?.kernelExits.map { figure(trial.perPacket($0)) } ?? "-",
        figure(trial.perPacket(run.interrupts)), bar(trial), rate(trial.medianRate), rate(rates.first),
        rate(rates.last),
      ]
      if isEcho {
        row += [trial.latency?.medianNanoseconds, trial.latency?.p99Nanoseconds].map { $0.map(time) ?? "-" }
      } else {
        row.append(trial.gigabits.map { decimal($0, 3) } ?? "-")
      }
      table.add(row + [trial.processorNanoseconds.map(time) ?? "-", trial.guide ?? ""])
    }
    return table.lines
  }

  /// Of a packet: 9, 0.031, 0.
  private static func figure(_ number: Double) -> String {
    number == 0 || number == number.rounded() ? decimal(number, 0) : decimal(number, 3)
  }

  private static func rate(_ rate: Double?) -> String { rate.map { grouped(UInt64($0)) } ?? "-" }

  /// A tick for each third of a tenfold, from a thousandth of an exit a packet on; what the kernel answers is lighter.
  private static func bar(_ trial: Trial) -> String {
    let user = trial.middle.map { ticks(trial.perPacket($0.userExits)) } ?? 0
    let all = trial.witnessed.flatMap { witnessed in
      witnessed.kernelExits.map { ticks(trial.perPacket(witnessed.userExits + $0)) }
    }
    return String(repeating: "#", count: user) + String(repeating: "-", count: max(0, (all ?? 0) - user))
  }

  /// 0 for none, 1 for a thousandth and less, 13 for ten.
  static func ticks(_ exits: Double) -> Int {
    var ticks = 0
    var bound = 0.0
    while exits > bound, ticks < 14 {
      ticks += 1
      bound = bound == 0 ? 0.001 : bound * 2.154_434_690_031_884
    }
    return ticks
  }

  // MARK: Below the tables

  private var explanations: [String] {
    var seen: Set<String> = []
    return trials.flatMap { trial -> [String] in
      guard seen.insert(trial.rung).inserted else { return [] }
      let registers = trial.middle.map { Self.registers($0, trial) } ?? ""
      return hanging("\(trial.rung): ", trial.explanation, width: Self.width)
        + (registers.isEmpty
          ? []
          : hanging("  \(trial.direction.rawValue), \(trial.size.rawValue): ", registers, width: Self.width))
    }
  }

  private static func registers(_ run: Run, _ trial: Trial) -> String {
    var parts: [String] = []
    for register in run.registers {
      for (verb, count) in [("read", register.reads), ("written", register.writes)] where count > 0 {
        parts.append("\(register.name) \(verb) \(times(count, trial.packets))")
      }
    }
    if run.coalesced > 0 { parts.append("\(times(run.coalesced, trial.packets)) in KVM's ring") }
    return parts.joined(separator: ", ")
  }

  private static func times(_ count: UInt64, _ packets: UInt64) -> String {
    count >= packets && count % packets == 0 ? "\(count / packets) a packet" : "\(grouped(count)) in all"
  }

  private var notes: [String] {
    let compared = trials.compactMap(\.witnessed?.compared).reduce(0, +)
    let agree = trials.allSatisfy { $0.witnessed?.differences.isEmpty ?? true }
    var notes = [
      """
      user: returns of KVM_RUN a packet, between the guest's marks, so without boot and set-up; kernel: exits that KVM \
      answered by itself (eventfds, its ring, its interrupt controllers, HLT); irqs: interrupts that the NIC raised. The \
      bar counts exits by powers of ten, # of user space and - of the kernel, 13 for ten. packets/s: median of the runs, \
      with minimum and maximum; CPU: processor time of the whole process for a packet, the guest's included; latency: \
      there and back, by the guest's clock. On \(host.kvm.rawValue), \(host.cpu), Linux \(host.kernel), where the \
      guests run at CPL 3.
      """,
      "The witnesses saw \(grouped(UInt64(compared))) counts more than once; \(agree ? "they agree in all" : "they DIFFER").",
    ]
    let missing = Set(
      trials.compactMap(\.witnessed).flatMap { $0.unavailable.map { "\($0.key): \($0.value)" } })
    if !missing.isEmpty { notes.append("Not to be had here: \(missing.sorted().joined(separator: "; ")).") }
    return notes
  }
}

"""The rungs of the ladder that QEMU has too: the same images, the same KVM, NICs whose far end takes everything.

The far end: nobody. QEMU's NIC has no peer, ours has backend=none; both read descriptors and headers, and drop the frame.

A rung is a driver and how its notifications leave the guest: by an exit to user space, or by ioeventfd. Who serves the
rings then is the VMM's affair. QEMU serves virtio in its main loop, which takes packets also while nobody has notified it,
so that how often it is kicked is a matter of chance, and the median of some runs counts. Of ours two are measured: who
serves as soon as notified (the vCPU in its exit, or behind ioeventfd a thread), and a thread that looks on for a while.
One of them has to meet what is asked for. An E1000 is served by the vCPU in both; QEMU leaves writes without an effect of
their own in KVM's ring, so ours does as well (coalesced=quiet).

What bounds both where a packet is an exit: no VMM that takes the exit is faster than the exit alone, measured beside it.

Counts and times are differences of a long run and a short one, so that start, set-up and end are in neither.
"""
import json
import statistics
import sys
import tempfile

from bench import run
from vmms import QEMU, Guest, Swiftvmm

# The 4th and the 12th of 15 values, by size, enclose the median of all that there could be in 96 of 100 cases.
ROUNDS, OUTSIDE = 15, 3
COUNTS = 5
COUNTED = (1024, 9216)
# Seconds of a packet that no VMM here comes near: a shorter difference is the jitter of the runs' starts.
SHORTEST = 1e-8

# Packets of a short run and a long one.
NAIVE, TUNED, SINGLE, MANY, MORE = (100, 900), (500, 6500), (500, 20_500), (25_600, 281_600), (25_600, 537_600)


class Rung:
    """`bound`: the row of `swiftvmm bench` for the exit that each packet, or batch, takes."""

    def __init__(self, name, keys, theirs, timed, ours, bound=None):
        self.name, self.theirs, self.timed, self.ours, self.bound = name, theirs, timed, ours, bound
        # Of QEMU's packets/s.
        self.aim = 1.0 if theirs == "e1000" else 1.5
        self.guest = Guest("e1000-tx" if theirs == "e1000" else "virtio-net-tx", keys)

    def lengths(self, vmm):
        """A thread that looks on takes packets one by one as fast as others take batches."""
        return MANY if self.timed == SINGLE and "queue=adaptive" in vmm.nic else self.timed


EXITS = "virtio-net-pci,disable-legacy=on,ioeventfd=off"
EVENTS = "virtio-net-pci,disable-legacy=on,ioeventfd=on"
E1000 = ("e1000,coalesced=quiet",)
BY_EXITS = ("virtio-net-pci", "virtio-net-pci,queue=adaptive,ioeventfd=off")
BY_EVENTS = ("virtio-net-pci,queue=thread", "virtio-net-pci,queue=adaptive")
RUNGS = [
    Rung("E1000 naive", "driver=naive", "e1000", NAIVE, E1000),
    Rung("E1000, 1 a TDT", "driver=tuned batch=1", "e1000", TUNED, E1000, "mmio-write"),
    Rung("E1000, 32 a TDT", "driver=tuned batch=32", "e1000", MANY, E1000),
    Rung("E1000, 32 an interrupt", "driver=interrupt batch=32", "e1000", MANY, E1000),
    Rung("virtio-net, 1 a kick", "batch=1", EXITS, SINGLE, BY_EXITS, "mmio-write"),
    Rung("virtio-net, 256 a kick", "batch=256", EXITS, MORE, BY_EXITS, "mmio-write"),
    Rung("virtio-net, 256 an interrupt (INTx)", "batch=256 irq=1 vector=intx", EXITS, MORE, BY_EXITS),
    Rung("virtio-net, 256 a message (MSI-X)", "batch=256 irq=1 vector=msix", EXITS, MORE, BY_EXITS),
    Rung("virtio-net, 256 a message, EVENT_IDX", "batch=256 irq=1 event_idx=1", EXITS, MORE, BY_EXITS),
    Rung("ioeventfd, 1 a kick", "batch=1", EVENTS, SINGLE, BY_EVENTS, "ioeventfd-write"),
    Rung("ioeventfd, 256 a kick", "batch=256", EVENTS, MORE, BY_EVENTS, "ioeventfd-write"),
    Rung("ioeventfd, 256 a message (irqfd)", "batch=256 irq=1", EVENTS, MORE, BY_EVENTS),
]


def per_packet(measured, lengths):
    """What each packet adds to measured numbers."""
    short, long = lengths
    return [(after - before) / (long - short) for before, after in zip(measured(short), measured(long))]


class Exits:
    """Those of a packet in some runs: to user space, and of any kind."""

    def __init__(self, vmm, rung, verdicts):
        self.user, self.any = [], []
        for _ in range(COUNTS):
            user, any_kind = per_packet(lambda packets: vmm.exits(rung.guest, packets, verdicts), COUNTED)
            self.user.append(user)
            self.any.append(any_kind)

    @property
    def medians(self):
        return statistics.median(self.user), statistics.median(self.any)

    def are_no_more_than(self, others):
        return all(mine <= theirs for mine, theirs in zip(self.medians, others.medians))

    def are_more_than(self, others):
        """In each run more than in any of the others."""
        return min(self.user) > max(others.user) or min(self.any) > max(others.any)

    @property
    def chance(self):
        """The range of what differs from run to run; nothing where all runs are the same."""
        return f"{min(self.any):.5f} to {max(self.any):.5f}" if min(self.any) != max(self.any) else ""


class Times:
    """Seconds of a packet, round by round: of the clock, and of processors."""

    def __init__(self):
        self.clock, self.cpu = [], []

    def take(self, vmm, rung):
        clock, cpu = per_packet(lambda packets: vmm.times(rung.guest, packets), rung.lengths(vmm))
        self.clock.append(max(clock, SHORTEST))
        self.cpu.append(max(cpu, SHORTEST))

    def times_as_fast_as(self, others):
        """The median of the rounds' ratios, and what encloses it: a slow machine slows a whole round."""
        ratios = sorted(theirs / mine for mine, theirs in zip(self.clock, others.clock))
        return statistics.median(ratios), ratios[OUTSIDE], ratios[-1 - OUTSIDE]

    @property
    def rates(self):
        seconds = sorted(self.clock)
        return [
            f"{1 / one:.0f}" if one > SHORTEST else "-" for one in (statistics.median(seconds), seconds[-1], seconds[0])
        ]

    @property
    def microseconds(self):
        return statistics.median(self.cpu) * 1e6


def bound(programs, row):
    """Exits a second of a VMM that does nothing else, by the median of `swiftvmm bench`."""
    with tempfile.NamedTemporaryFile() as file:
        run([programs.swiftvmm, "bench", "--rows", f"{row}@3", "--json", file.name])
        return 1e9 / json.loads(file.read())["rows"][0]["hostClock"]["medianNs"]


def print_rung(theirs, ways):
    """Of each VMM its exits and times, and of ours how they stand to QEMU's."""
    print(
        f"    {'':45}{'user space':>10}{'any kind':>10}{'packets/s':>11}{'min':>9}{'max':>9}{'CPU':>10}  times QEMU's"
    )
    for vmm, exits, taken in (theirs, *ways):
        (user, any_kind), (median, least, most) = exits.medians, taken.rates
        line = f"    {vmm.name:45}{user:10.5f}{any_kind:10.5f}{median:>11}{least:>9}{most:>9}"
        line += f"{taken.microseconds:7.2f} us"
        if taken is not theirs[2]:
            line += "  {:.2f} ({:.2f} to {:.2f})".format(*taken.times_as_fast_as(theirs[2]))
        print(line)
    for vmm, exits, _ in (theirs, *ways):
        if exits.chance:
            print(f"    exits of {vmm.name} are a matter of chance, any kind: {exits.chance}")


def judge(rung, theirs, ways, verdicts):
    """One way of ours has to make no more exits than QEMU and to be `aim` times as fast: the best, by its median."""
    frugal = [way for way in ways if way[1].are_no_more_than(theirs[1])]
    if not frugal and all(way[1].are_more_than(theirs[1]) for way in ways):
        return verdicts.fail(f"{rung.name}: each way takes more exits than QEMU")
    exits = "no more exits" if frugal else "exits that cannot be told from QEMU's"
    vmm, _, taken = max(frugal or ways, key=lambda way: way[2].times_as_fast_as(theirs[2]))
    median, low, high = taken.times_as_fast_as(theirs[2])
    text = f"{vmm.name}: {exits}, {median:.2f} times QEMU's packets/s ({low:.2f} to {high:.2f}), aim {rung.aim}"
    if high < rung.aim:
        return verdicts.fail(f"{rung.name}: {text}")
    verdict = "met" if low >= rung.aim else "met by the median" if median >= rung.aim else "cannot be told from the aim"
    print(f"    {text}: {verdict}")


def measure(programs, verdicts):
    print(f"The same packets on {QEMU.version()}, nobody at the far end")
    print(f"  exits a packet for the NIC: medians of {COUNTS} runs; packets/s and CPU time of a packet: medians of")
    print(f"  {ROUNDS} rounds in turn; times QEMU's: the median of the rounds, and what encloses it with 96 %")
    for rung in RUNGS:
        print(f"  {rung.name}: {rung.guest}; QEMU: {rung.theirs}")
        vmms = [QEMU(programs, rung.theirs)] + [Swiftvmm(programs, nic) for nic in rung.ours]
        measured = [(vmm, Exits(vmm, rung, verdicts), Times()) for vmm in vmms]
        for number in range(ROUNDS):
            for vmm, _, taken in measured if number % 2 else reversed(measured):
                taken.take(vmm, rung)
        theirs, *ways = measured
        print_rung(theirs, ways)
        if rung.bound:
            most = bound(programs, rung.bound) / ways[0][1].medians[1]
            print(f"    the exits of {ways[0][0].name} alone, by {rung.bound} of 'swiftvmm bench', allow {most:.0f}")
        judge(rung, theirs, ways, verdicts)
        sys.stdout.flush()

"""The rungs of the ladder that QEMU has too: the same images, the same KVM, NICs whose far end takes everything.

The far end: nobody. QEMU's NIC has no peer, ours has backend=none; both read descriptors and headers, and drop the frame.

What bounds both: a VMM that takes an exit for each packet is no faster than the exit alone, which is measured beside it.

The counts are of exits for the NIC's registers, to user space and of any kind (an ioeventfd's are the kernel's): QEMU's by
`swiftvmm attach`, ours by `boot --witness`. Counts and times are differences of a long run and a short one, so that start,
set-up and end are in neither.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

from bench import clock, command_line, image, ratio, run, spread

ROUNDS = 5
# Where the runtime of the images puts the BARs of the one NIC: GuestImages/runtime/pci.c.
BARS = "0xfeb00000-0xfebdffff=nic"


class Rung:
    """One way to send packets, on both VMMs. `counted` and `timed` are short and long runs, in packets.

    `chance`: how often QEMU is kicked is none of the guest's affair alone. Its main loop takes packets from a virtio queue,
    also where the vCPU heard of the notification; a packet that it finds before it asks for notifications again needs
    none. With ioeventfd no kick comes to user space, so that the count there is exact all the same.
    `bound`: the row of `swiftvmm bench` for the exits that the packets take.
    """

    def __init__(self, name, keys, ours, theirs, timed, counted=(1024, 9216), chance=False, bound=None):
        self.name, self.keys, self.ours, self.theirs = name, keys.split(), ours, theirs
        self.timed, self.counted, self.chance, self.bound = timed, counted, chance, bound
        # Of QEMU's packets/s.
        self.aim = 1.0 if theirs.startswith("e1000") else 1.5
        self.image = "e1000-tx" if theirs.startswith("e1000") else "virtio-net-tx"

    def words(self, packets):
        return [*self.keys, f"packets={packets}"]

    def our_command(self, programs, packets, *options):
        nic = ["--nic", f"{self.ours},backend=none"]
        return programs.boot(f"builtin:{self.image}", *self.words(packets), options=[*nic, *options])

    def their_command(self, packets, *options):
        return [
            "qemu-system-x86_64", "-accel", "kvm", "-M", "pc", "-m", "128", "-nodefaults", "-no-reboot",
            "-display", "none", "-bios", "qboot.rom", "-kernel", image(self.image), "-append",
            " ".join(self.words(packets)), "-device", self.theirs, "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
            *options,
        ]  # fmt: skip


E1000 = "e1000,romfile="
VIRTIO = "virtio-net-pci,disable-legacy=on,romfile="
FEW, SINGLE, MANY, MORE = (500, 4500), (1000, 16_000), (32_000, 512_000), (25_600, 1_049_600)
RUNGS = [
    Rung("E1000 naive", "driver=naive", "e1000,coalesced=quiet", E1000, FEW),
    Rung("E1000, 1 a TDT", "driver=tuned batch=1", "e1000,coalesced=quiet", E1000, SINGLE),
    Rung("E1000, 32 a TDT", "driver=tuned batch=32", "e1000,coalesced=quiet", E1000, MANY),
    Rung("E1000, 32 an interrupt", "driver=interrupt batch=32", "e1000,coalesced=quiet", E1000, MANY),
    Rung(
        "virtio-net, 1 a kick", "batch=1", "virtio-net-pci", f"{VIRTIO},ioeventfd=off", SINGLE, chance=True,
        bound="mmio-write"),
    Rung(
        "virtio-net, 256 a kick", "batch=256", "virtio-net-pci", f"{VIRTIO},ioeventfd=off", MORE, chance=True,
        bound="mmio-write"),
    Rung("  and an interrupt (INTx)", "batch=256 irq=1 vector=intx", "virtio-net-pci", f"{VIRTIO},ioeventfd=off", MORE),
    Rung("  and a message (MSI-X)", "batch=256 irq=1 vector=msix", "virtio-net-pci", f"{VIRTIO},ioeventfd=off", MORE),
    Rung("  and EVENT_IDX", "batch=256 irq=1 event_idx=1", "virtio-net-pci", f"{VIRTIO},ioeventfd=off", MORE),
    Rung(
        "ioeventfd, 1 a kick", "batch=1", "virtio-net-pci,queue=thread", f"{VIRTIO},ioeventfd=on", SINGLE, chance=True,
        bound="ioeventfd-write"),
    Rung("  and adaptive", "batch=1", "virtio-net-pci,queue=adaptive", f"{VIRTIO},ioeventfd=on", MANY, chance=True),
    Rung(
        "ioeventfd, 256 a kick", "batch=256", "virtio-net-pci,queue=thread", f"{VIRTIO},ioeventfd=on", MORE,
        chance=True, bound="ioeventfd-write"),
    Rung(
        "  and a message (irqfd)", "batch=256 irq=1", "virtio-net-pci,queue=thread", f"{VIRTIO},ioeventfd=on", MORE,
        chance=True),
]


def await_vcpu(process):
    """Waits until QEMU has made its vCPU, which stands still."""
    folder = f"/proc/{process.pid}/fd"
    while process.poll() is None:
        for name in os.listdir(folder):
            try:
                if os.readlink(os.path.join(folder, name)) == "anon_inode:kvm-vcpu:0":
                    return
            except FileNotFoundError:
                pass
        time.sleep(0.01)
    sys.exit(f"benchmark: QEMU ends at once: {process.stderr.read().strip()}")


def fail_of(command, status, errors):
    sys.exit(f"benchmark: status {status} of {command_line(command)}: {errors.strip()}")


def their_exits(programs, rung, packets):
    """The NIC's exits to user space and of any kind in one run of QEMU, which begins when attach counts."""
    command = rung.their_command(packets, "-S", "-monitor", "stdio", "-serial", "null")
    pipe = subprocess.PIPE
    with tempfile.NamedTemporaryFile() as file:
        qemu = subprocess.Popen(command, stdin=pipe, stdout=subprocess.DEVNULL, stderr=pipe, text=True)
        await_vcpu(qemu)
        attach = subprocess.Popen(
            [programs.swiftvmm, "attach", str(qemu.pid), "--map", BARS, "--json", file.name],
            stdout=subprocess.DEVNULL, stderr=pipe, text=True,
        )  # fmt: skip
        line = attach.stderr.readline()
        if "attached to" not in line:
            qemu.kill()
            sys.exit(f"benchmark: {line.strip()}")
        qemu.stdin.write("cont\n")
        qemu.stdin.flush()
        status = qemu.wait()
        if status != 1:  # isa-debug-exit makes 2 n + 1 of the guest's n
            fail_of(command, status, qemu.stderr.read())
        attach.stderr.read()
        if attach.wait() != 0:
            sys.exit(f"benchmark: status {attach.returncode} of attach")
        report = json.loads(file.read())
    if report["records"]["lost"]:
        sys.exit(f"benchmark: attach lost {report['records']['lost']} records")
    nic = report["ranges"][0]
    return nic["userSpace"], nic["exits"]


def our_exits(programs, rung, packets, verdicts):
    with tempfile.NamedTemporaryFile() as file:
        run(rung.our_command(programs, packets, "--witness", "--json", file.name))
        report = json.loads(file.read())
    nic = next(device for device in report["devices"] if "packets" in device)
    expected = {"tx": packets, "rx": 0, "lost": 0, "corrupt": 0, "dropped": 0}
    if nic["packets"] != expected or nic["faults"]:
        verdicts.fail(f"{rung.name}: {nic['packets']}, faults {nic['faults']}, where {expected} should be")
    witness = next(device for device in report["witness"]["devices"] if device["name"] == nic["name"])
    return nic["exits"], nic["exits"] + witness["kernel"]


def per_packet(measured, lengths):
    """What each packet adds to a measured number."""
    short, long = lengths
    return (measured(long) - measured(short)) / (long - short)


def exits_per_packet(count, lengths):
    """To user space, and of any kind."""
    few, many = (count(packets) for packets in lengths)
    return [(b - a) / (lengths[1] - lengths[0]) for a, b in zip(few, many)]


def their_time(rung, packets):
    command = rung.their_command(packets, "-serial", "none", "-monitor", "none")
    begin = clock()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    end = clock()
    if done.returncode != 1:
        fail_of(command, done.returncode, done.stderr)
    return end - begin


def rates(programs, rung):
    """Packets a second of both, round by round."""
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(1 / per_packet(lambda n: run(rung.our_command(programs, n)), rung.timed))
        theirs.append(1 / per_packet(lambda n: their_time(rung, n), rung.timed))
    return ours, theirs


def bound(programs, row):
    """Exits a second of a VMM that does nothing else, by the median of `swiftvmm bench`."""
    with tempfile.NamedTemporaryFile() as file:
        run([programs.swiftvmm, "bench", "--rows", f"{row}@3", "--json", file.name])
        return 1e9 / json.loads(file.read())["rows"][0]["hostClock"]["medianNs"]


def measure(programs, verdicts):
    version = subprocess.run(["qemu-system-x86_64", "--version"], capture_output=True, text=True).stdout.split("\n")[0]
    print(f"The same packets on {version}: exits to user space for the NIC, and packets/s, {ROUNDS} rounds in turn")
    print("  nobody at the far end: QEMU's NIC has no peer, ours backend=none")
    for rung in RUNGS:
        print(f"  {rung.name.strip()}: {rung.image} {' '.join(rung.keys)}; {rung.ours}; {rung.theirs}")
        all_ours = exits_per_packet(lambda n: our_exits(programs, rung, n, verdicts), rung.counted)
        all_theirs = exits_per_packet(lambda n: their_exits(programs, rung, n), rung.counted)
        for kind, ours, theirs in zip(("to user space", "of any kind"), all_ours, all_theirs):
            share = f", {ours / theirs:.2f} of QEMU's" if theirs > 0 else ""
            is_chance = rung.chance and (kind == "of any kind" or "ioeventfd=off" in rung.theirs)
            chance = "; QEMU's is a matter of chance" if is_chance else ""
            print(f"    exits/packet {kind}: swiftvmm {ours:.5f}, QEMU {theirs:.5f}{share}{chance}")
            if ours > theirs and not is_chance:
                verdicts.fail(f"{rung.name.strip()}: {ours:.5f} exits/packet {kind}, QEMU makes {theirs:.5f}")
        print("    packets/s                     median       min       max")
        our_rates, their_rates = rates(programs, rung)
        for name, values in (("swiftvmm", our_rates), ("QEMU", their_rates)):
            print(f"    {name:28}{spread(values, '{:.0f}')}")
        of_medians = statistics.median(our_rates) / statistics.median(their_rates)
        of_rounds = ratio(our_rates, their_rates)
        print(f"    ratio of medians {of_medians:.2f}, median of the rounds' ratios {of_rounds:.2f}; aim {rung.aim}")
        if rung.bound:
            most = bound(programs, rung.bound) / all_ours[1]
            print(f"    the exits alone, by the row {rung.bound} of 'swiftvmm bench', allow {most:.0f}: more takes fewer")
        sys.stdout.flush()

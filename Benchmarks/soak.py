"""Every rung of the ladder at full speed for a while, and receivers that are too slow for what comes.

Every frame is numbered and proves itself. None may be lost, damaged or out of order, but for those that a wire without
room counts as dropped.
"""
import json
import os
import re
import subprocess
import tempfile

from bench import run

# For each rung in each direction. `make soak` says more.
SECONDS = float(os.environ.get("SOAK_SECONDS", 2))
# What the images take for `packets`.
MOST = 1_000_000_000
# What waits in a wire (README.md, section Two guests on one wire), in the smallest frames; and an E1000 takes the next
# frame to itself before there is a descriptor for it.
WIRE_ROOM = (8 << 20) // (64 + 16) + 1


def trials(programs):
    """Name, words of the command line and packets/s of each rung in each direction, by the ladder itself."""
    with tempfile.NamedTemporaryFile() as file:
        run([programs.swiftvmm, "ladder", "--sizes", "64", "--runs", "1", "--json", file.name])
        for trial in json.loads(file.read())["trials"]:
            rate = trial["packets"] / trial["runs"][0]["seconds"]
            yield f"{trial['rung']} {trial['direction']}", trial["direction"], trial["command"].split()[2:], rate


def report_of(programs, words, packets, limit):
    """Runs `boot` with so many packets; its report, or what it said instead."""
    # An image keeps each latency of at most a million packets.
    words = [word for word in words if word != "latency=1"]
    words = [f"packets={packets}" if word.startswith("packets=") else word for word in words]
    with tempfile.NamedTemporaryFile() as file:
        command = [programs.swiftvmm, "boot", "--quiet", "--time-limit", str(limit), "--json", file.name, *words]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        text = file.read()
        return (json.loads(text), "") if text and done.returncode == 0 else (None, done.stdout + done.stderr)


def soak(programs, verdicts, name, direction, words, rate):
    # The ladder's runs are short, and begin with memory that nobody has touched. What turns out to be faster goes again.
    for seconds in (min(1, SECONDS), SECONDS, SECONDS):
        packets = min(max(int(rate * seconds) // 1000, 1) * 1000, MOST)
        report, error = report_of(programs, words, packets, limit=int(seconds * 20) + 60)
        if not report:
            return verdicts.fail(f"{name}, {packets} packets: {error}")
        window = report.get("window")
        if not window:
            return verdicts.fail(f"{name}, {packets} packets: {report['outcome']['kind']} before the guest's marks")
        rate = window["packetsPerSecond"]
        if window["seconds"] > 0.9 * SECONDS or packets == MOST:
            break
    nic = next(device for device in report["devices"] if "packets" in device)
    counted, exits = nic["packets"], sum(window["exits"].values())
    print(f"  {name:32}{packets:14,}{window['seconds']:8.1f} s{rate:14,.0f}{exits / packets:10.4f}", flush=True)
    expected = {"tx": packets, "rx": packets, "lost": 0, "corrupt": 0, "dropped": 0}
    if direction == "transmit":
        expected["rx"] = 0
    if direction == "receive":
        # A source also fills the buffers behind the last frame that the guest looks at.
        expected.update(tx=0, rx=max(counted["rx"], packets))
    if counted != expected or nic["faults"]:
        verdicts.fail(f"{name}: {counted}, faults {nic['faults']}, where {expected} should be")


OVERRUNS = ["e1000-rx driver=tuned", "e1000-rx driver=interrupt", "virtio-net-rx", "virtio-net-rx irq=1 event_idx=1"]


def overrun(programs, verdicts, receiver):
    """One guest sends as fast as it can, another takes what it can: sent = received + dropped + still in the wire."""
    sent = int(SECONDS * 2_000_000)
    taken = sent // 20
    with tempfile.TemporaryDirectory() as folder:
        left, right = (os.path.join(folder, name) for name in ("left", "right"))
        limit = f"--time-limit {int(SECONDS * 20) + 60}"
        model = receiver.split("-rx")[0].replace("virtio-net", "virtio-net-pci")
        done = subprocess.run(
            [programs.swiftvmm, "pair",
             "--left", f"builtin:virtio-net-tx packets={sent} batch=256 --nic virtio-net-pci,backend=bridge "
             f"--quiet --json {left} {limit}",
             "--right", f"builtin:{receiver} packets={taken} gaps=1 --nic {model},backend=bridge "
             f"--quiet --json {right} {limit}"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True)  # fmt: skip
        if done.returncode != 0:
            return verdicts.fail(f"overrun of {receiver}: status {done.returncode}: {done.stderr.strip()}")
        nics = []
        for path in (left, right):
            with open(path) as file:
                nics.append(next(device for device in json.load(file)["devices"] if "packets" in device))
    sender, taker = (nic["packets"] for nic in nics)
    said = re.search(r"(\d+) missing", done.stdout)
    missing = int(said[1]) if said else 0
    waiting = sender["tx"] - sender["dropped"] - taker["rx"] - taker["dropped"]
    print(
        f"  {receiver:32}{sender['tx']:14,} sent, {taker['rx']:,} received, {sender['dropped'] + taker['dropped']:,} "
        f"dropped, {waiting:,} in the wire at the end", flush=True)
    if sender["tx"] != sent or taker["corrupt"] or not 0 <= waiting <= WIRE_ROOM or missing > sender["dropped"]:
        verdicts.fail(f"overrun of {receiver}: {sender}, {taker}, {missing} missing")


def measure(programs, verdicts):
    print(f"Soak: every rung for about {SECONDS:g} s at full speed; each frame is checked")
    print("  rung, direction                        packets      time     packets/s  exits/packet")
    for trial in trials(programs):
        soak(programs, verdicts, *trial)
    print("Overrun: a guest sends, another is too slow")
    for receiver in OVERRUNS:
        overrun(programs, verdicts, receiver)

"""What an exit costs in user space: instructions from KVM_RUN's return to the next call."""
import os
import re
import subprocess
import sys
import tempfile

from bench import command_line, image
from guest import ENTRY, write_loop

LIMIT = 60
SHORT, LONG = 1000, 11000


def executed(command):
    """Instructions that a process executed in user space, by callgrind."""
    # Swift seeds its hash tables at random unless told otherwise, and two runs would not do the same work.
    environment = {**os.environ, "SWIFT_DETERMINISTIC_HASHING": "1"}
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command],
        env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    collected = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not collected:
        sys.exit(f"benchmark: status {done.returncode} of {command_line(command)}\n{done.stderr}")
    return int(collected[1])


def each(command):
    """What `command(count)` executes for each further one of its count."""
    return (executed(command(LONG)) - executed(command(SHORT))) / (LONG - SHORT)


def exits(kind, count):
    """Keys of the image `exits`: so many of one kind, and nothing else."""
    keys = {"io": 0, "mmio": 0, "cpuid": 0, "hlt": 0, "rdmsr": 0, "cpl": 0, kind: count}
    return [f"{key}={value}" for key, value in keys.items()]


def register_writes(programs, address, *options, **more):
    """The command that boots a flat guest, which writes so many times to one address."""
    def command(count):
        flat.seek(0)
        flat.write(write_loop(address, count, **more))
        flat.flush()
        return programs.boot(flat.name, options=["--no-kernel-counts", "--entry", ENTRY, *options])

    flat = tempfile.NamedTemporaryFile()
    return command


def measure(programs, verdicts):
    def boot(name, *keys):
        return programs.boot(f"builtin:{name}", *keys, options=["--no-kernel-counts"])

    print(f"Instructions: callgrind's count for {LONG} of them less that for {SHORT}, divided by {LONG - SHORT}")
    probe = each(lambda n: boot("exits", *exits("io", n)))
    print(f"  OUT to port P0 of the probe, which does nothing    {probe:8.1f}")
    verdicts.limit("instructions per exit", probe, LIMIT)
    for name, command in {
        "the same in minimal.c": lambda n: [programs.static, image("exits"), *exits("io", n)],
        "32-bit write to M0 of the probe": lambda n: boot("exits", *exits("mmio", n)),
        "RDMSR of the probe": lambda n: boot("exits", *exits("rdmsr", n)),
        "OUT to port 0x5ff, which nobody claims": register_writes(programs, 0x5FF, is_port=True),
        "UART: byte to THR, written to stdout": register_writes(programs, 0x3F8, is_port=True),
        "E1000: write of TIPG": register_writes(programs, 0xFEBC0410, "--nic", "e1000"),
        "E1000: packet, its TDT and the sink's check": lambda n: boot(
            "e1000-tx", "driver=tuned", "batch=1", f"packets={n}"),
        "virtio-net: write of DriverFeaturesSel": register_writes(programs, 0xD0000024, "--nic", "virtio-net"),
        "virtio-net: packet, QueueNotify and the sink's check": lambda n: boot(
            "virtio-net-tx", "batch=1", f"packets={n}"),
    }.items():
        print(f"  {name:52} {each(command):8.1f}", flush=True)

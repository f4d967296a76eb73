"""What counting costs the guest: packets a second of `virtio-net-tx` one by one, an exit each."""
import json
import statistics
import subprocess
import tempfile

from bench import ratio, spread

ROUNDS, PACKETS = 7, 20_000


def packets_per_second(programs, *options):
    report = programs.report("builtin:virtio-net-tx", "batch=1", f"packets={PACKETS}", *options)
    return report["window"]["packetsPerSecond"]


def ledger_nanoseconds(programs):
    """The ledger's part of an exit, two time stamps and a line, by `swiftvmm bench`."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        command = [programs.swiftvmm, "bench", "--rows", "ledger", "--json", file.name]
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True)
        row = next(row for row in json.load(file)["rows"] if row["name"] == "ledger")
    return row["nanoseconds"]["median"]


def measure(programs, verdicts):
    print(f"Counting: `virtio-net-tx batch=1 packets={PACKETS}`, {ROUNDS} rounds, each with and without the witnesses")
    alone, watched = [], []
    for _ in range(ROUNDS):
        alone.append(packets_per_second(programs, "--no-kernel-counts"))
        watched.append(packets_per_second(programs, "--witness"))
    print("  packets/s                       median       min       max")
    print(f"  the ledger alone              {spread(alone, '{:.0f}')}")
    print(f"  all witnesses                 {spread(watched, '{:.0f}')}")
    verdicts.limit("all witnesses take of the packets/s", 100 * (1 - ratio(watched, alone)), 10, " %")
    per_exit = ledger_nanoseconds(programs)
    per_packet = 1e9 / statistics.median(alone)
    print(f"  the ledger takes {per_exit:.1f} ns of the {per_packet:.0f} ns of a packet, which is one exit")
    verdicts.limit("the ledger takes of the packets/s", 100 * per_exit / per_packet, 1, " %")

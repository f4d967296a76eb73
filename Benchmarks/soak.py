"""Packets by the million, each of which is checked: none may be lost or corrupt."""

BATCHED, SINGLE = 1_000_000, 100_000
RUNS = [
    ("e1000-tx", BATCHED, ["driver=tuned", "batch=1024"]),
    ("e1000-tx", SINGLE, ["driver=tuned", "batch=1"]),
    ("e1000-echo", BATCHED, ["driver=tuned", "batch=1024"]),
    ("virtio-net-tx", BATCHED, ["batch=1024"]),
    ("virtio-net-tx", SINGLE, ["batch=1"]),
    ("virtio-net-echo", BATCHED, ["batch=1024"]),
]


def measure(programs, verdicts):
    print("Soak: frames are numbered and checksummed; exits and time are those between the guest's marks")
    print("  image, keys                              sent  received  lost  corrupt  dropped  exits/packet  packets/s")
    for image, count, keys in RUNS:
        report = programs.report(f"builtin:{image}", *keys, f"packets={count}")
        nic = next(device for device in report["devices"] if "packets" in device)
        packets, window, outcome = nic["packets"], report.get("window"), report["outcome"]
        if outcome["status"] != 0 or not window:
            verdicts.fail(f"{image} {' '.join(keys)}: {outcome['kind']}, status {outcome['status']}; {packets}")
            continue
        per_packet = sum(window["exits"].values()) / count
        name = " ".join([image, *keys])
        print(
            f"  {name:36}{packets['tx']:9}{packets['rx']:10}{packets['lost']:6}{packets['corrupt']:9}"
            f"{packets['dropped']:9}{per_packet:14.4f}{window['packetsPerSecond']:11.0f}", flush=True)
        received = count if image.endswith("echo") else 0
        expected = {"tx": count, "rx": received, "lost": 0, "corrupt": 0, "dropped": 0}
        if packets != expected or nic["faults"]:
            verdicts.fail(f"{name}: {packets}, faults {nic['faults']}, where {expected} should be")

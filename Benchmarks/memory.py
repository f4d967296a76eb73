"""What the VMM keeps resident beside the guest's own memory."""
import re
import subprocess
import time

LIMIT = 8
GUEST_MIB = 256
SETTLED = 1.0


def mappings(process):
    """Permissions, size and resident set in KiB of each mapping, by proc_pid_smaps(5)."""
    with open(f"/proc/{process}/smaps") as file:
        pattern = r"^[0-9a-f]+-[0-9a-f]+ (....) .*\nSize: +(\d+) kB\n(?:.*\n)*?Rss: +(\d+) kB"
        return [(flags, int(size), int(rss)) for flags, size, rss in re.findall(pattern, file.read(), re.M)]


def status(process):
    """The parts of the resident set in KiB: RssAnon, RssFile, RssShmem (proc_pid_status(5))."""
    with open(f"/proc/{process}/status") as file:
        return {key: int(value) for key, value in re.findall(r"^(Rss\w+):\s+(\d+) kB", file.read(), re.M)}


def resident(command):
    """KiB of a running guest's process: of files, anonymous but for the guest's memory, of the guest's memory."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)
    try:
        time.sleep(SETTLED)
        parts = status(process.pid)
        # The kernel may have merged a neighbour into it, so it is not looked for by its exact size.
        guest = [rss for flags, size, rss in mappings(process.pid) if flags == "rw-p" and size >= GUEST_MIB << 10]
    finally:
        process.terminate()
        process.wait()
    if len(guest) != 1:
        raise SystemExit(f"benchmark: {len(guest)} mappings of {GUEST_MIB} MiB, where only the guest's should be")
    return parts["RssFile"] + parts["RssShmem"], parts["RssAnon"] - guest[0], guest[0]


def measure(programs, verdicts):
    print(f"Memory: resident set of `spin` after {SETTLED:.0f} s by /proc/PID/status, less that of the one writable")
    print(f"  mapping in smaps as large as the guest's memory, {GUEST_MIB} MiB; what is of files is the binary")
    print("  KiB                          VMM   of files   anonymous   guest's, not counted")
    machines = {"no NIC": [], "e1000 and virtio-net": ["--nic", "e1000", "--nic", "virtio-net"]}
    for name, options in machines.items():
        command = programs.boot("builtin:spin", options=["--memory", f"{GUEST_MIB}M", *options])
        file, anonymous, guest = resident(command)
        print(f"  {name:22}  {file + anonymous:8}   {file:8}   {anonymous:9}   {guest:20}")
        verdicts.limit(f"memory, {name}", (file + anonymous) / 1024, LIMIT, " MiB")

"""One image on two VMMs, with NICs whose far end is nobody: how swiftvmm and QEMU are run, counted and timed."""
import json
import os
import subprocess
import sys
import tempfile
import time

from bench import fail_of, image, run, times

# Where the runtime of the images puts the BARs of the one NIC: GuestImages/runtime/pci.c.
BARS = "0xfeb00000-0xfebdffff=nic"


class Guest:
    """An image and its words, of which the number of packets differs from run to run."""

    def __init__(self, name, keys):
        self.name, self.keys = name, keys.split()

    def words(self, packets):
        return [*self.keys, f"packets={packets}"]

    def __str__(self):
        return " ".join([self.name, *self.keys])


class Swiftvmm:
    """Exits are counted by `boot --witness`: those of the NIC to user space, and of any kind."""

    def __init__(self, programs, nic):
        self.programs, self.name, self.nic = programs, nic, f"{nic},backend=none"

    def _command(self, guest, packets, *options):
        return self.programs.boot(
            f"builtin:{guest.name}", *guest.words(packets), options=["--nic", self.nic, *options]
        )

    def times(self, guest, packets):
        return times(self._command(guest, packets))

    def exits(self, guest, packets, verdicts):
        with tempfile.NamedTemporaryFile() as file:
            run(self._command(guest, packets, "--witness", "--json", file.name))
            report = json.loads(file.read())
        nic = next(device for device in report["devices"] if "packets" in device)
        expected = {"tx": packets, "rx": 0, "lost": 0, "corrupt": 0, "dropped": 0}
        if nic["packets"] != expected or nic["faults"]:
            verdicts.fail(f"{guest}: {nic['packets']}, faults {nic['faults']}, where {expected} should be")
        witness = next(device for device in report["witness"]["devices"] if device["name"] == nic["name"])
        return nic["exits"], nic["exits"] + witness["kernel"]


class QEMU:
    """Exits are counted by `swiftvmm attach`, from before the machine begins to run."""

    # isa-debug-exit makes 2 n + 1 of the guest's n.
    SUCCESS = 1

    def __init__(self, programs, nic):
        self.programs, self.name, self.nic = programs, "QEMU", f"{nic},romfile="

    @staticmethod
    def version():
        done = subprocess.run(["qemu-system-x86_64", "--version"], capture_output=True, text=True)
        return done.stdout.split("\n")[0]

    def _command(self, guest, packets, *options):
        return [
            "qemu-system-x86_64", "-accel", "kvm", "-M", "pc", "-m", "128", "-nodefaults", "-no-reboot",
            "-display", "none", "-bios", "qboot.rom", "-kernel", image(guest.name), "-append",
            " ".join(guest.words(packets)), "-device", self.nic, "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
            *options,
        ]  # fmt: skip

    def times(self, guest, packets):
        return times(self._command(guest, packets, "-serial", "none", "-monitor", "none"), self.SUCCESS)

    def exits(self, guest, packets, _):
        command = self._command(guest, packets, "-S", "-monitor", "stdio", "-serial", "null")
        pipe = subprocess.PIPE
        with tempfile.NamedTemporaryFile() as file:
            qemu = subprocess.Popen(command, stdin=pipe, stdout=subprocess.DEVNULL, stderr=pipe, text=True)
            await_vcpu(qemu)
            attach = subprocess.Popen(
                [self.programs.swiftvmm, "attach", str(qemu.pid), "--map", BARS, "--json", file.name],
                stdout=subprocess.DEVNULL, stderr=pipe, text=True,
            )  # fmt: skip
            line = attach.stderr.readline()
            if "attached to" not in line:
                qemu.kill()
                sys.exit(f"benchmark: {line.strip()}")
            qemu.stdin.write("cont\n")
            qemu.stdin.flush()
            status = qemu.wait()
            if status != self.SUCCESS:
                fail_of(command, status, qemu.stderr.read())
            attach.stderr.read()
            if attach.wait() != 0:
                sys.exit(f"benchmark: status {attach.returncode} of attach")
            report = json.loads(file.read())
        if report["records"]["lost"]:
            sys.exit(f"benchmark: attach lost {report['records']['lost']} records")
        nic = report["ranges"][0]
        return nic["userSpace"], nic["exits"]


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

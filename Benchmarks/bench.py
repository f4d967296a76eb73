"""What all parts share: the programs, how they are run, and the limits that they must meet."""
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(os.path.dirname(HERE), "build")


class Programs:
    """swiftvmm, and the minimal VMM linked both ways."""

    def __init__(self):
        self.swiftvmm = os.path.join(BUILD, "swiftvmm")
        if not os.path.exists(self.swiftvmm):
            sys.exit("benchmark: no build/swiftvmm; `make build` makes it")
        self.dynamic = self._compile("minimal")
        self.static = self._compile("minimal-static", "-static")

    @staticmethod
    def _compile(name, *options):
        output = os.path.join(BUILD, name)
        source = os.path.join(HERE, "minimal.c")
        subprocess.run(["gcc", "-O2", *options, "-o", output, source], check=True)
        return output

    def boot(self, image, *keys, options=()):
        """The command that boots an image, of which the guest alone is heard."""
        return [self.swiftvmm, "boot", "--quiet", "--time-limit", "600", *options, image, *keys]

    def report(self, image, *keys):
        """The report of one run, however it ended, as docs/report.md describes it."""
        with tempfile.NamedTemporaryFile(suffix=".json") as file:
            command = self.boot(image, *keys, options=["--json", file.name])
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
            text = file.read()
        if not text:
            sys.exit(f"benchmark: no report of {command_line(command)}: {done.stderr.strip()}")
        return json.loads(text)


def image(name):
    """The file of a built-in image."""
    return os.path.join(BUILD, "images", f"{name}.elf")


def clock():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) / 1e9


def command_line(command):
    return " ".join(os.path.relpath(word) if word.startswith(BUILD) else word for word in command)


def fail_of(command, status, errors):
    sys.exit(f"benchmark: status {status} of {command_line(command)}: {errors.strip()}")


def times(command, success=0):
    """Runs a command that must end with `success`, unheard; the seconds that it took: of the clock, and of processors,
    the guest's included."""
    begin = clock()
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    end = clock()
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if process.returncode != success:
        fail_of(command, process.returncode, errors)
    return end - begin, usage.ru_utime + usage.ru_stime


def run(command):
    """Runs a command that must succeed, unheard; the time that it took, in seconds."""
    return times(command)[0]


def spread(values, form="{:.2f}"):
    """Median, minimum and maximum, as columns."""
    figures = statistics.median(values), min(values), max(values)
    return "  ".join(form.format(value).rjust(8) for value in figures)


def ratio(ours, theirs):
    """The median of the ratios within each round: what disturbs the machine for longer than a round cancels out."""
    return statistics.median(one / other for one, other in zip(ours, theirs))


class Verdicts:
    """The limits, and which were exceeded."""

    def __init__(self):
        self.failures = []

    def limit(self, what, value, most, unit=""):
        text = f"{what}: {value:.2f}{unit}, limit {most}{unit}"
        print(f"  {text}: {'met' if value <= most else 'EXCEEDED'}")
        if value > most:
            self.failures.append(text)

    def fail(self, text):
        print(f"  FAILED: {text}")
        self.failures.append(text)

    def status(self):
        for failure in self.failures:
            print(f"benchmark: {failure}")
        if not self.failures:
            print("benchmark: every limit is met, and no packet was lost")
        return 1 if self.failures else 0


def print_host(programs):
    host = programs.report("builtin:hello")["host"]
    print(
        f"{host['cpu']}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}; {host['kvm']}, "
        f"{platform.system()} {host['kernel']}"
    )

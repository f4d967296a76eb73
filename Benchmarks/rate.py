"""Exits a second through the loop in user space, against the loop of the minimal VMM."""
import statistics

from bench import image, ratio, run, spread
from instructions import exits

ROUNDS = 5
SHORT, LONG = 1000, 41000


def rate(command):
    """Exits a second, free of what start and end of a process take."""
    return (LONG - SHORT) / (run(command(LONG)) - run(command(SHORT)))


def measure(programs, verdicts):
    print(f"Rate: by the difference in time of `exits` with {LONG} and {SHORT} of them, {ROUNDS} rounds")
    print("  exits/s                         median       min       max")
    for kind, what in (("io", "OUT to the probe"), ("mmio", "write to its memory")):
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(rate(lambda n: programs.boot("builtin:exits", *exits(kind, n))))
            theirs.append(rate(lambda n: [programs.dynamic, image("exits"), *exits(kind, n)]))
        for name, values in (("swiftvmm", ours), ("minimal.c", theirs)):
            print(f"  {what + ', ' + name:30}{spread(values, '{:.0f}')}")
        of_medians = statistics.median(ours) / statistics.median(theirs)
        print(f"  ratio of medians {of_medians:.2f}, median of the rounds' ratios {ratio(ours, theirs):.2f}")

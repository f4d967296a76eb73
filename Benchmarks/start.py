"""How long it takes from the start of the process to the guest's first byte."""
import os
import statistics
import time

from bench import clock, command_line, image, ratio, spread

ROUNDS = 30
# What a run left behind in the kernel may make the next one faster: after a rest it is undone.
RESTED_ROUNDS, REST = 6, 1.5
LIMIT = 1.5


def first_byte(command):
    """Seconds from just before the process is spawned to the first byte of its standard output."""
    reader, writer = os.pipe()
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, writer, 1),
        (os.POSIX_SPAWN_CLOSE, reader),
        (os.POSIX_SPAWN_CLOSE, writer),
    ]
    begin = clock()
    process = os.posix_spawn(command[0], command, os.environ, file_actions=actions)
    os.close(writer)
    byte = os.read(reader, 1)
    end = clock()
    while os.read(reader, 1 << 16):
        pass
    os.close(reader)
    _, status = os.waitpid(process, 0)
    if status != 0 or not byte:
        raise SystemExit(f"benchmark: wait status {status} of {command_line(command)}")
    return end - begin


def rounds(count, commands, rest=0.0):
    """Milliseconds to the first byte of every command, once a round, each round beginning with another one."""
    times = {name: [] for name in commands}
    order = list(commands.items())
    for _ in range(count):
        for name, command in order:
            time.sleep(rest)
            times[name].append(first_byte(command) * 1e3)
        order.append(order.pop(0))
    return times


def show(times, yardsticks):
    """A line for each command; its ratio to the yardstick that makes the same calls, where it has one."""
    print("  ms                          median       min       max    ratio of medians    median of rounds' ratios")
    ratios = {}
    for name, values in times.items():
        line = f"  {name:24}  {spread(values)}"
        if name in yardsticks:
            base = times[yardsticks[name]]
            ratios[name] = ratio(values, base)
            line += f"   {statistics.median(values) / statistics.median(base):17.2f}   {ratios[name]:25.2f}"
        print(line)
    return ratios


def measure(programs, verdicts):
    counting, plain = "swiftvmm boot", "  --no-kernel-counts"
    counting_yardstick, plain_yardstick = "minimal.c --count-cpuids", "minimal.c"
    yardsticks = {counting: counting_yardstick, plain: plain_yardstick}
    boot = {
        counting: programs.boot("builtin:hello"),
        counting_yardstick: [programs.dynamic, "--count-cpuids", image("hello")],
        plain: programs.boot("builtin:hello", options=["--no-kernel-counts"]),
        plain_yardstick: [programs.dynamic, image("hello")],
    }
    others = {
        "  linked statically": [programs.static, image("hello")],
        "swiftvmm --help": [programs.swiftvmm, "--help"],
    }
    print(f"Start: from before posix_spawn to the first byte of `hello` in a pipe; {ROUNDS} rounds, one run each")
    for name, value in show(rounds(ROUNDS, boot | others), yardsticks).items():
        verdicts.limit(f"start, {name.strip()} against {yardsticks[name]}", value, LIMIT, " times")
    print(f"  and {REST} s after the last process, {RESTED_ROUNDS} rounds, too few to judge by:")
    show(rounds(RESTED_ROUNDS, boot, REST), yardsticks)

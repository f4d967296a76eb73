/* Round trips, timed by the time-stamp counter. */
#include "latency.h"

#include <stdbool.h>

#include "clock.h"
#include "print.h"

enum { MOST = 1 << 20 };
static uint32_t samples[MOST];
static uint64_t taken;

void prepare_latencies(uint64_t count)
{
    if (count > MOST)
        fail("latency=1 takes at most %lu packets", (uint64_t)MOST);
    __builtin_memset(samples, 0, count * sizeof *samples); /* the first touch of a page is slow */
}

void add_latency(uint64_t ticks)
{
    samples[taken++] = ticks < UINT32_MAX ? ticks : UINT32_MAX;
}

/* Sinks the sample at `root` into the heap of the first `count`. */
static void sink(uint64_t root, uint64_t count)
{
    uint32_t sample = samples[root];
    for (uint64_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && samples[child + 1] > samples[child])
            child++;
        if (samples[child] <= sample)
            break;
        samples[root] = samples[child];
    }
    samples[root] = sample;
}

static void sort(void)
{
    for (uint64_t root = taken / 2; root-- > 0;)
        sink(root, taken);
    for (uint64_t end = taken; end-- > 1;) {
        uint32_t largest = samples[0];
        samples[0] = samples[end];
        samples[end] = largest;
        sink(0, end);
    }
}

void print_latencies(void)
{
    sort();
    bool timed = find_clock();
    const struct { const char *name; uint64_t place; } figures[] = {
        {"median", taken / 2}, {"99%", taken * 99 / 100}, {"min", 0}, {"max", taken - 1},
    };
    for (unsigned i = 0; i < sizeof figures / sizeof *figures; i++) {
        uint64_t ticks = samples[figures[i].place];
        print("%s%s %lu %s", i ? ", " : "latency: ", figures[i].name, timed ? nanoseconds(ticks) : ticks,
              timed ? "ns" : "cycles");
    }
    print("\n");
}

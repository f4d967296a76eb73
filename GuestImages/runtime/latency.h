/* Round trips, timed by the time-stamp counter. */
#ifndef LATENCY_H
#define LATENCY_H

#include <stdint.h>

static inline uint64_t read_tsc(void)
{
    uint32_t low, high;
    asm volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

/* Ends the run with a line if there is no room for so many. */
void prepare_latencies(uint64_t count);

void add_latency(uint64_t ticks);

/*
 * Prints `latency: median N ns, 99% N ns, min N ns, max N ns`; in cycles where no clock of KVM's tells how fast they
 * are.
 */
void print_latencies(void);

#endif

/* How fast the time-stamp counter is, as KVM's clock for guests tells. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* False where there is no such clock. Costs an exit or two: outside the measured window. */
bool find_clock(void);

/* After find_clock(): so many ticks of the time-stamp counter in nanoseconds. */
uint64_t nanoseconds(uint64_t ticks);

#endif

/* The instructions of the image survey, each in a loop. */
#ifndef LOOPS_H
#define LOOPS_H

#include <stdint.h>

/* Machine code that can be copied. It is a function (uint64_t count, uint64_t at), entered at `entry`. */
struct loop {
    const char *start, *entry, *end;
};

/* In the order of the manifest's choices, from `out` on, which end with `hypercall`: Intel's, and then AMD's. */
enum { VMCALL = 8, VMMCALL, LOOPS };
extern const struct loop loops[LOOPS];

/* Length in bytes of the instruction that faults. */
enum { FAULT_LENGTH = 2 };

#endif

/*
 * One sample: an operation between two readings of the time-stamp counter.
 *
 * The same loop makes the samples of an operation and those of its baseline, in which nothing stands between the two
 * readings: what is left when one is taken from the other is the operation. That matters on a PVM host, where each
 * instruction at CPL 0 is emulated at about 1 us, the readings included.
 *
 * The readings are not fenced: what is measured leaves the guest, faults or serializes, and an RDTSC that ran ahead of
 * it is thrown away and runs again.
 */
#ifndef TIMED_H
#define TIMED_H

#include <stdint.h>

/* What the operation finds in the registers. */
struct registers {
    uint32_t eax, edx;
    uint64_t rcx, rsi, rdi;
};

/* The ticks of one run of `instructions`, modulo 2^32. They may change all registers of struct registers, RBX and R11. */
#define TICKS(instructions, in)                                                     \
    ({                                                                              \
        uint32_t ticks;                                                             \
        uint64_t rcx = (in).rcx, rsi = (in).rsi, rdi = (in).rdi;                    \
        register uint32_t eax asm("r9") = (in).eax, edx asm("r10") = (in).edx;      \
        asm volatile("rdtsc\n\t"                                                    \
                     "mov %%eax, %%r8d\n\t"                                         \
                     "mov %%r9d, %%eax\n\t"                                         \
                     "mov %%r10d, %%edx\n\t" instructions "\n\t"                    \
                     "rdtsc\n\t"                                                    \
                     "sub %%r8d, %%eax"                                             \
                     : "=a"(ticks), "+c"(rcx), "+S"(rsi), "+D"(rdi)                 \
                     : "r"(eax), "r"(edx)                                           \
                     : "rbx", "rdx", "r8", "r11", "memory", "cc");                  \
        ticks;                                                                      \
    })

/* A batch's code lies on one page, so that a call with a count of 0 has touched all of it: bench.c. */
#define ON_ONE_PAGE __attribute__((aligned(512)))

/*
 * Defines the batches `name` and `name_baseline`. `registers` says what each sample begins with; `step` stands between
 * the samples, outside the readings. `overhead` is what of `instructions` is no part of the operation.
 */
#define OPERATION_BEYOND(name, overhead, instructions, registers, step) \
    ON_ONE_PAGE static void name(uint32_t *samples, uint64_t count)     \
    {                                                                   \
        for (; count; count--) {                                        \
            *samples++ = TICKS(instructions, registers);                \
            step;                                                       \
        }                                                               \
    }                                                                   \
    ON_ONE_PAGE static void name##_baseline(uint32_t *samples, uint64_t count) \
    {                                                                   \
        for (; count; count--) {                                        \
            *samples++ = TICKS(overhead, registers);                    \
            step;                                                       \
        }                                                               \
    }

#define OPERATION(name, instructions, registers, step) OPERATION_BEYOND(name, "", instructions, registers, step)

#endif

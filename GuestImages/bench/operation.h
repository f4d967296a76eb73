/* The operations that can be repeated. */
#ifndef OPERATION_H
#define OPERATION_H

#include <stdint.h>

/* A batch of samples: the ticks of each. At the privilege level of the key `cpl`. */
typedef void batch(uint32_t *samples, uint64_t count);

struct operation {
    batch *run;
    batch *baseline;
    void (*prepare)(void); /* once, at CPL 3, or a null pointer */
    void (*renew)(void);   /* before each batch, at CPL 3, or a null pointer */
    uint64_t (*done)(void); /* at the end: how many operations had their effect; a null pointer if memory cannot tell */
};

/* By their places in the manifest's key `op`. */
extern const struct operation op_nothing, op_in, op_out, op_read, op_write, op_ins, op_outs, op_outmany, op_writemany,
    op_cpuid, op_rdmsr, op_wrmsr, op_cr3, op_invlpg, op_map, op_touch, op_interrupt, op_request, op_halt, op_startup;

/* The image's keys, read before prepare(). */
extern struct parameters {
    uint64_t at, value, group, stride, count, batches;
    unsigned privilege_level;
} parameters;

#endif

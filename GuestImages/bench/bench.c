/*
 * bench: one operation, again and again, with the time that each took.
 *
 * Batches of the operation alternate with batches of its baseline, so that a host that slows down slows both. The host
 * takes the time of each batch by its own clock, between two marks; the samples lie in memory and wait for the end.
 */
#include "cpu.h"
#include "device.h"
#include "keys.h"
#include "operation.h"
#include "port.h"
#include "print.h"

enum { MAXIMUM_SAMPLES = 65536 };
static uint32_t samples[2][MAXIMUM_SAMPLES];

struct parameters parameters;

static const struct operation *const operations[] = {
    &op_nothing,  &op_in,    &op_out,    &op_read,  &op_write,     &op_ins,     &op_outs,
    &op_outmany,  &op_writemany, &op_cpuid, &op_rdmsr, &op_wrmsr,  &op_cr3,     &op_invlpg,
    &op_map,      &op_touch, &op_interrupt, &op_request, &op_halt, &op_startup,
};

static void at_privilege_level(batch *batch, uint32_t *to, uint64_t count)
{
    if (parameters.privilege_level == 0)
        at_cpl0(batch, (uint64_t)to, count);
    else
        batch(to, count);
}

static void run_batch(const struct operation *operation, batch *batch, int mark, uint32_t *to)
{
    if (operation->renew)
        operation->renew();
    out8(BENCH_MARK, mark);
    at_privilege_level(batch, to, parameters.count);
    out8(BENCH_MARK, MARK_END);
}

static void check_effect(const struct operation *operation)
{
    uint64_t wanted = parameters.count * parameters.batches;
    uint64_t done = operation->done ? operation->done() : wanted;
    if (done != wanted)
        fail("bench: %lu of %lu operations had their effect", done, wanted);
}

int main(void)
{
    const struct operation *operation = operations[choice_key("op")];
    parameters = (struct parameters){
        .at = number_key("at"),
        .value = number_key("value"),
        .group = number_key("group"),
        .stride = number_key("stride"),
        .count = number_key("count"),
        .batches = number_key("batches"),
        .privilege_level = choice_key("cpl") == 0 ? 3 : 0,
    };
    if (parameters.count * parameters.batches > MAXIMUM_SAMPLES)
        fail("bench: at most %lu samples", (uint64_t)MAXIMUM_SAMPLES);
    if (operation->prepare)
        operation->prepare();
    /* The first touch of a page costs an exit, which belongs to no sample: not that of data, nor that of code. */
    __builtin_memset(samples, 0, sizeof samples);
    at_privilege_level(operation->baseline, samples[0], 0);
    at_privilege_level(operation->run, samples[0], 0);
    out32(BENCH_SAMPLES, (uint32_t)(uint64_t)samples);
    for (uint64_t batch = 0; batch < parameters.batches; batch++) {
        uint64_t first = batch * parameters.count;
        run_batch(operation, operation->baseline, MARK_BASELINE, &samples[0][first]);
        run_batch(operation, operation->run, MARK_OPERATION, &samples[1][first]);
    }
    check_effect(operation);
    return 0;
}

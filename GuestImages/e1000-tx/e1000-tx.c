/* e1000-tx: frames out through an E1000, with the register accesses that its driver needs (e1000_transmit.c). */
#include "e1000_transmit.h"
#include "keys.h"
#include "print.h"
#include "sizes.h"

/*
 * The interrupt driver waits for its interrupt before it looks at memory, so that each batch pays for one. With
 * moderation it only looks at memory, and the interrupts come when the card thinks fit.
 */
static void await_batch(const struct e1000_options *options, uint64_t interrupts)
{
    if (options->driver == INTERRUPT && !options->itr && !options->tidv)
        WAIT_UNTIL(e1000_interrupts != interrupts, PATIENCE, "e1000-tx: no interrupt came");
    await_e1000_transmitter();
}

static void transmit_all(const struct e1000_options *options, uint64_t packets)
{
    for (uint64_t sent = 0; sent < packets; sent += options->batch) {
        uint64_t interrupts = e1000_interrupts;
        transmit_by_e1000(sent, packets - sent < options->batch ? packets - sent : options->batch);
        await_batch(options, interrupts);
    }
}

static struct e1000_options keys(void)
{
    struct e1000_options options = e1000_keys(true);
    options.segments = choice_key("tso") == 1;
    options.size = options.segments ? large_size_key() : small_size_key();
    if (options.segments && options.batch > E1000_MAXIMUM_LARGE)
        options.batch = E1000_MAXIMUM_LARGE;
    return options;
}

int main(void)
{
    uint64_t packets = number_key("packets");
    struct e1000_options options = keys();
    start_e1000("e1000-tx", &options);
    start_e1000_transmitter(&options);
    if (options.driver == INTERRUPT)
        enable_e1000_interrupts(&options, ICR_TXDW);

    begin_measured_window();
    transmit_all(&options, packets);
    end_measured_window();

    if (read_e1000(TDH) != read_e1000(TDT))
        fail("e1000-tx: descriptors are left");
    print("e1000-tx: %lu packets sent\n", packets);
    return 0;
}

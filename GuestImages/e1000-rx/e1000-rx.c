/* e1000-rx: frames in through an E1000, from a source that always has the next one. */
#include "e1000_receive.h"
#include "keys.h"
#include "print.h"

/* A read behind the write of the tail brings it to the card where the kernel keeps it back: coalesced MMIO. */
static bool flushes;

static void give_buffers(void)
{
    give_e1000_buffers();
    if (flushes)
        read_e1000(STATUS);
}

/* The window begins before the card has its first buffer, so that each batch pays for its own. */
static void receive_all(const struct e1000_options *options, uint64_t packets)
{
    give_buffers();
    for (uint64_t done = 0; done < packets; done += options->batch) {
        uint64_t left = packets - done;
        receive_by_e1000(done, left < options->batch ? left : options->batch);
        if (options->driver != NAIVE && left > options->batch)
            give_buffers();
    }
}

int main(void)
{
    uint64_t packets = number_key("packets");
    struct e1000_options options = e1000_keys(false);
    flushes = choice_key("flush") == 1;
    expect_source_frames(number_key("size"), choice_key("gaps") == 1);
    start_e1000("e1000-rx", &options);
    start_e1000_receiver(&options, take_source_frame);
    if (options.driver == INTERRUPT)
        enable_e1000_interrupts(&options, ICR_RXT0);

    begin_measured_window();
    receive_all(&options, packets);
    end_measured_window();

    print_received("e1000-rx", packets);
    return 0;
}

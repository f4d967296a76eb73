/* e1000-echo: frames out through an E1000 and, from a reflector, back: all, whole and in order. */
#include "e1000_receive.h"
#include "e1000_transmit.h"
#include "keys.h"
#include "latency.h"
#include "print.h"
#include "sizes.h"

static void echo_batch(const struct e1000_options *options, uint64_t done, unsigned count)
{
    transmit_by_e1000(done, count);
    receive_by_e1000(done, count);
    if (options->driver != NAIVE)
        give_e1000_buffers();
    await_e1000_transmitter(); /* a frame may be back before its descriptor is reported */
}

static void echo_all(const struct e1000_options *options, uint64_t packets)
{
    for (uint64_t done = 0; done < packets; done += options->batch)
        echo_batch(options, done, packets - done < options->batch ? packets - done : options->batch);
}

static void time_all(const struct e1000_options *options, uint64_t packets)
{
    for (uint64_t done = 0; done < packets; done++) {
        uint64_t begin = read_tsc();
        transmit_by_e1000(done, 1);
        receive_by_e1000(done, 1);
        add_latency(read_tsc() - begin);
        if (options->driver != NAIVE)
            give_e1000_buffers();
        await_e1000_transmitter();
    }
}

int main(void)
{
    uint64_t packets = number_key("packets");
    struct e1000_options options = e1000_keys(true);
    bool timed = choice_key("latency") == 1;
    options.size = small_size_key();
    if (options.driver == NAIVE || timed)
        options.batch = 1;
    if (timed)
        prepare_latencies(packets);
    expect_returned_frames(options.size);
    start_e1000("e1000-echo", &options);
    start_e1000_receiver(&options, take_returned_frame);
    give_e1000_buffers();
    start_e1000_transmitter(&options);
    if (options.driver == INTERRUPT)
        enable_e1000_interrupts(&options, ICR_RXT0); /* a frame that is back has been sent: no interrupt for that */

    begin_measured_window();
    if (timed)
        time_all(&options, packets);
    else
        echo_all(&options, packets);
    end_measured_window();

    print("e1000-echo: %lu packets came back\n", packets);
    if (timed)
        print_latencies();
    return 0;
}

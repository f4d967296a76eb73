/* virtio-net-echo: frames out through virtio-net and, from a reflector, back: all, whole and in order. */
#include "keys.h"
#include "latency.h"
#include "print.h"
#include "sizes.h"
#include "virtio_net.h"

static void echo_all(uint64_t packets, uint64_t batch)
{
    for (uint64_t done = 0; done < packets; done += batch) {
        uint64_t count = packets - done < batch ? packets - done : batch;
        transmit_by_virtio_net(done, count);
        receive_by_virtio_net(done, count);
        give_virtio_net_buffers();
        await_virtio_net_transmitter(); /* a frame may be back before its buffer is reported */
    }
}

static void time_all(uint64_t packets)
{
    for (uint64_t done = 0; done < packets; done++) {
        uint64_t begin = read_tsc();
        transmit_by_virtio_net(done, 1);
        receive_by_virtio_net(done, 1);
        add_latency(read_tsc() - begin);
        give_virtio_net_buffers();
        await_virtio_net_transmitter();
    }
}

int main(void)
{
    uint64_t packets = number_key("packets");
    bool timed = choice_key("latency") == 1;
    struct virtio_net_options options = virtio_net_keys();
    options.segments = choice_key("tso") == 1;
    options.size = options.segments ? large_size_key() : small_size_key();
    options.taker = options.segments ? take_source_frame : take_returned_frame;
    if (timed) {
        options.batch = 1;
        prepare_latencies(packets);
    }
    if (options.segments)
        expect_source_frames(options.size, false); /* of a stream there and back nothing differs but the direction */
    else
        expect_returned_frames(options.size);
    unsigned batch = start_virtio_net(&options);
    give_virtio_net_buffers();

    begin_measured_window();
    if (timed)
        time_all(packets);
    else
        echo_all(packets, batch);
    end_measured_window();

    print("virtio-net-echo: %lu packets came back\n", packets);
    if (timed)
        print_latencies();
    return 0;
}

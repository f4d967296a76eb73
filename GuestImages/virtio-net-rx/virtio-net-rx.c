/* virtio-net-rx: frames in through virtio-net, from a source that always has the next one. */
#include "keys.h"
#include "print.h"
#include "virtio_net.h"

/* The window begins before the device has its first buffer, so that each batch pays for its own. */
static void receive_all(uint64_t packets, uint64_t batch)
{
    give_virtio_net_buffers();
    for (uint64_t done = 0; done < packets; done += batch) {
        uint64_t left = packets - done;
        receive_by_virtio_net(done, left < batch ? left : batch);
        if (left > batch)
            give_virtio_net_buffers();
    }
}

int main(void)
{
    uint64_t packets = number_key("packets");
    struct virtio_net_options options = virtio_net_keys();
    options.segments = choice_key("tso") == 1;
    options.taker = take_source_frame;
    options.has_source = true;
    expect_source_frames(number_key("size"), choice_key("gaps") == 1);
    unsigned batch = start_virtio_net(&options);

    begin_measured_window();
    receive_all(packets, batch);
    end_measured_window();

    print_received("virtio-net-rx", packets);
    return 0;
}

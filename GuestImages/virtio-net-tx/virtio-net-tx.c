/* virtio-net-tx: frames out through virtio-net, one notification a batch (virtio_net.c). */
#include "keys.h"
#include "print.h"
#include "sizes.h"
#include "virtio_net.h"

static void transmit_all(uint64_t packets, uint64_t batch)
{
    for (uint64_t sent = 0; sent < packets; sent += batch) {
        transmit_by_virtio_net(sent, packets - sent < batch ? packets - sent : batch);
        await_virtio_net_transmitter();
    }
}

int main(void)
{
    uint64_t packets = number_key("packets");
    struct virtio_net_options options = virtio_net_keys();
    options.segments = choice_key("tso") == 1;
    options.size = options.segments ? large_size_key() : small_size_key();
    unsigned batch = start_virtio_net(&options);

    begin_measured_window();
    transmit_all(packets, batch);
    end_measured_window();

    print("virtio-net-tx: %lu packets sent\n", packets);
    return 0;
}

/* virtio-net-tx: frames out through virtio-net, one notification a batch (virtio_net.c). */
#include "keys.h"
#include "port.h"
#include "print.h"
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
    bool interrupts = choice_key("irq") == 1;
    unsigned batch = start_virtio_net(number_key("batch"), frame_size_key(), false, interrupts);

    begin_measured_window();
    transmit_all(packets, batch);
    end_measured_window();

    print("virtio-net-tx: %lu packets sent\n", packets);
    return 0;
}

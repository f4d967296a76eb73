/* virtio-net-echo: frames out through virtio-net and, from a reflector, back: all, whole and in order. */
#include "keys.h"
#include "port.h"
#include "print.h"
#include "virtio_net.h"

static void echo_all(uint64_t packets, uint64_t batch)
{
    for (uint64_t done = 0; done < packets; done += batch) {
        uint64_t count = packets - done < batch ? packets - done : batch;
        transmit_by_virtio_net(done, count);
        receive_by_virtio_net(done, count);
        await_virtio_net_transmitter(); /* a frame may be back before its buffer is reported */
    }
}

int main(void)
{
    uint64_t packets = number_key("packets");
    bool interrupts = choice_key("irq") == 1;
    unsigned batch = start_virtio_net(number_key("batch"), frame_size_key(), true, interrupts);

    begin_measured_window();
    echo_all(packets, batch);
    end_measured_window();

    print("virtio-net-echo: %lu packets came back\n", packets);
    return 0;
}

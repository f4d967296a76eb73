/* e1000-echo: frames out through an E1000 and, from a reflector, back: all, whole and in order. */
#include "e1000_receive.h"
#include "e1000_transmit.h"
#include "keys.h"
#include "print.h"

static void echo_all(uint64_t packets, uint64_t batch)
{
    for (uint64_t done = 0; done < packets; done += batch) {
        uint64_t count = packets - done < batch ? packets - done : batch;
        transmit_by_e1000(done, count);
        receive_by_e1000(done, count);
        await_e1000_transmitter(); /* a frame may be back before its descriptor is reported */
    }
}

int main(void)
{
    uint64_t packets = number_key("packets"), batch = number_key("batch");
    enum e1000_driver driver = choice_key("driver");
    unsigned size = frame_size_key();
    if (driver == NAIVE)
        batch = 1;
    if (!find_e1000())
        fail("e1000-echo: there is no E1000");
    reset_e1000();
    start_e1000_receiver(driver, batch, size);
    start_e1000_transmitter(driver, batch, size);
    if (driver == INTERRUPT)
        enable_e1000_interrupts(ICR_RXT0); /* a frame that is back has been sent: no interrupt for that */

    begin_measured_window();
    echo_all(packets, batch);
    end_measured_window();

    print("e1000-echo: %lu packets came back\n", packets);
    return 0;
}

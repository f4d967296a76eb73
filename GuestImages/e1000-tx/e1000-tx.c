/* e1000-tx: frames out through an E1000, with the register accesses that its driver needs (e1000_transmit.c). */
#include "e1000_transmit.h"
#include "keys.h"
#include "print.h"
#include "wait.h"

/* The interrupt driver waits for its interrupt before it looks at memory, so that each batch pays for one. */
static void await_batch(enum e1000_driver driver, uint64_t interrupts)
{
    if (driver == INTERRUPT)
        WAIT_UNTIL(e1000_interrupts != interrupts, PATIENCE, "e1000-tx: no interrupt came");
    await_e1000_transmitter();
}

static void transmit_all(enum e1000_driver driver, uint64_t packets, uint64_t batch)
{
    for (uint64_t sent = 0; sent < packets; sent += batch) {
        uint64_t interrupts = e1000_interrupts;
        transmit_by_e1000(sent, packets - sent < batch ? packets - sent : batch);
        await_batch(driver, interrupts);
    }
}

int main(void)
{
    uint64_t packets = number_key("packets"), batch = number_key("batch");
    enum e1000_driver driver = choice_key("driver");
    if (!find_e1000())
        fail("e1000-tx: there is no E1000");
    reset_e1000();
    start_e1000_transmitter(driver, batch, frame_size_key());
    if (driver == INTERRUPT)
        enable_e1000_interrupts(ICR_TXDW);

    begin_measured_window();
    transmit_all(driver, packets, batch);
    end_measured_window();

    if (read_e1000(TDH) != read_e1000(TDT))
        fail("e1000-tx: descriptors are left");
    print("e1000-tx: %lu packets sent\n", packets);
    return 0;
}

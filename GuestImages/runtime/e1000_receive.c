/*
 * Reception with the 82540EM.
 *
 *     driver      register accesses
 *     naive       2 a packet: RDH read at least once, RDT written
 *     tuned       1 a batch: RDT written
 *     interrupt   1 a batch, and 1 an interrupt: RDT written, ICR read by the handler
 */
#include "e1000_receive.h"

#include "wait.h"

static volatile struct receive_descriptor ring[E1000_MAXIMUM_RING] __attribute__((aligned(128)));
static union {
    struct frame frame;
    uint8_t bytes[E1000_BUFFER_SIZE];
} buffers[E1000_MAXIMUM_RING];

static enum e1000_driver driver;
static frame_taker *take;
static unsigned ring_size;
static unsigned next; /* the descriptor of the frame that comes next; the one before it is to be the tail */

/* Section 14.4. The card has no descriptor yet, since head and tail are the same. */
void start_e1000_receiver(const struct e1000_options *options, frame_taker *taker)
{
    driver = options->driver;
    take = taker;
    ring_size = e1000_ring_size(options->batch);
    next = 0;
    for (unsigned i = 0; i < ring_size; i++)
        ring[i] = (struct receive_descriptor){.address = (uint64_t)&buffers[i]};
    write_e1000(RDBAL, (uint64_t)ring);
    write_e1000(RDBAH, (uint64_t)ring >> 32);
    write_e1000(RDLEN, ring_size * sizeof *ring);
    write_e1000(RDH, 0);
    write_e1000(RCTL, RCTL_EN | RCTL_UPE | RCTL_BAM | RCTL_SECRC);
}

/* All descriptors but one. */
void give_e1000_buffers(void)
{
    write_e1000(RDT, next == 0 ? ring_size - 1 : next - 1);
}

static bool has_arrived(unsigned slot)
{
    return ring[slot].status & RX_DD;
}

/* Waits for the frame in descriptor `next`, in the driver's own way. */
static void await_frame(uint64_t number)
{
    if (driver == NAIVE)
        WAIT_UNTIL(read_e1000(RDH) != next, REGISTER_PATIENCE, "frame %lu did not come", number);
    while (driver == INTERRUPT && !has_arrived(next)) {
        /* The count is read before memory is looked at again, so a frame between the two is not waited for. */
        uint64_t interrupts = e1000_interrupts;
        if (!has_arrived(next))
            WAIT_UNTIL(e1000_interrupts != interrupts, PATIENCE, "no interrupt came for frame %lu", number);
    }
    WAIT_UNTIL(has_arrived(next), PATIENCE, "frame %lu did not come", number);
}

static void take_frame(uint64_t number)
{
    if (!(ring[next].status & RX_EOP) || ring[next].errors)
        fail("frame %lu came with status 0x%lx and errors 0x%lx", number, (uint64_t)ring[next].status,
             (uint64_t)ring[next].errors);
    take(&buffers[next], ring[next].length, false, number);
    ring[next].status = 0;
    next = next + 1 == ring_size ? 0 : next + 1;
}

void receive_by_e1000(uint64_t number, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        await_frame(number + i);
        take_frame(number + i);
        if (driver == NAIVE)
            give_e1000_buffers();
    }
}

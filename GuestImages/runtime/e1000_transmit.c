/*
 * Transmission with the 82540EM: the study guide's way, and the way of the manual.
 *
 *     driver      register accesses
 *     naive       9 a packet: TCTL, TDBAL, TDBAH, TDLEN, TDH, TDT, TCTL, TDT written, ICR read at least once
 *     tuned       1 a batch: TDT written
 *     interrupt   2 a batch: TDT written, ICR read by the handler
 */
#include "e1000_transmit.h"

#include "wait.h"

static volatile struct transmit_descriptor ring[E1000_MAXIMUM_RING] __attribute__((aligned(128)));
static union {
    struct frame frame;
    uint8_t bytes[E1000_BUFFER_SIZE];
} buffers[E1000_MAXIMUM_RING];

static enum e1000_driver driver;
static unsigned ring_size, frame_size;
static unsigned tail, last; /* the next descriptor to fill, and the last of the batch before it */

/* Section 14.5: base, length, head and tail of the ring, then TCTL. The head may change only while TCTL.EN is 0. */
static void program_ring(void)
{
    write_e1000(TCTL, 0);
    write_e1000(TDBAL, (uint64_t)ring);
    write_e1000(TDBAH, (uint64_t)ring >> 32);
    write_e1000(TDLEN, ring_size * sizeof *ring);
    write_e1000(TDH, 0);
    write_e1000(TDT, 0);
    write_e1000(TCTL, TCTL_EN | TCTL_PSP | TCTL_CT | TCTL_COLD);
}

void start_e1000_transmitter(enum e1000_driver chosen_driver, unsigned batch, unsigned size)
{
    driver = chosen_driver;
    ring_size = e1000_ring_size(batch);
    frame_size = size;
    tail = 0;
    for (unsigned i = 0; i < ring_size; i++) {
        prepare_frame(&buffers[i].frame, size);
        ring[i] = (struct transmit_descriptor){.address = (uint64_t)&buffers[i], .length = size};
    }
    if (driver != NAIVE)
        program_ring();
}

static void fill_descriptor(unsigned slot, uint64_t sequence, uint8_t report)
{
    number_frame(&buffers[slot].frame, frame_size, sequence);
    ring[slot].status = 0;
    ring[slot].command = TX_EOP | TX_IFCS | report;
}

/* As if the card forgot everything between two packets. */
static void transmit_naively(uint64_t sequence)
{
    fill_descriptor(0, sequence, TX_RS);
    program_ring();
    write_e1000(TDT, 1);
    WAIT_UNTIL(read_e1000(ICR) & ICR_TXDW, REGISTER_PATIENCE, "the E1000 did not transmit frame %lu", sequence);
}

/* Section 3.4: only the last descriptor asks for a report (RS), since the card takes them in order. */
static void transmit_batch(uint64_t sequence, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        last = tail;
        fill_descriptor(last, sequence + i, i == count - 1 ? TX_RS : 0);
        tail = last + 1 == ring_size ? 0 : last + 1;
    }
    write_e1000(TDT, tail);
}

void transmit_by_e1000(uint64_t sequence, unsigned count)
{
    if (driver != NAIVE)
        transmit_batch(sequence, count);
    else
        for (unsigned i = 0; i < count; i++)
            transmit_naively(sequence + i);
}

void await_e1000_transmitter(void)
{
    if (driver != NAIVE)
        WAIT_UNTIL(ring[last].status & TX_DD, PATIENCE, "the E1000 did not report descriptor %lu", (uint64_t)last);
}

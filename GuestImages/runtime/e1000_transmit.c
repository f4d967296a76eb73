/*
 * Transmission with the 82540EM: the study guide's way, and the way of the manual.
 *
 *     driver      register accesses
 *     naive       9 a packet: TCTL, TDBAL, TDBAH, TDLEN, TDH, TDT, TCTL, TDT written, ICR read at least once
 *     tuned       1 a batch: TDT written
 *     interrupt   2 a batch: TDT written, ICR read by the handler
 *
 * With doorbell=each TDT is written for every packet of a batch, and STATUS is read once at its end. Writes that the
 * kernel keeps back (coalesced MMIO) reach the card with that read: then it is the batch's one exit.
 */
#include "e1000_transmit.h"

#include "stream.h"

enum { LARGE_BUFFER = 1 << 16, SPACE = E1000_MAXIMUM_RING * E1000_BUFFER_SIZE };
static volatile struct transmit_descriptor ring[E1000_MAXIMUM_RING] __attribute__((aligned(128)));
static uint8_t small_buffers[SPACE] __attribute__((aligned(4096)));
static uint8_t large_buffers[E1000_MAXIMUM_LARGE * LARGE_BUFFER] __attribute__((aligned(4096)));

static struct e1000_options options;
static unsigned ring_size;
static unsigned tail, last; /* the next descriptor to fill, and the last of the batch before it */
static unsigned next_buffer;

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

static void *buffer(unsigned n)
{
    return options.segments ? &large_buffers[n * LARGE_BUFFER] : &small_buffers[n * E1000_BUFFER_SIZE];
}

static void prepare_buffers(void)
{
    for (unsigned i = 0; i < options.batch; i++)
        if (options.segments)
            prepare_stream_frame(buffer(i), options.size, LENGTHS_BY_CARD);
        else
            prepare_frame(buffer(i), options.size);
}

void start_e1000_transmitter(const struct e1000_options *chosen)
{
    options = *chosen;
    ring_size = e1000_ring_size(options.batch * e1000_descriptors(&options));
    tail = 0;
    next_buffer = 0;
    prepare_buffers();
    __builtin_memset((void *)ring, 0, sizeof ring);
    if (options.driver != NAIVE)
        program_ring();
}

static void append(struct transmit_descriptor descriptor)
{
    last = tail;
    ring[last] = descriptor;
    tail = last + 1 == ring_size ? 0 : last + 1;
}

/* Section 3.3.6: how the card is to cut the frames, and where it writes lengths, numbers and checksums. */
static void append_context(void)
{
    enum { IP_END = TCP_START - 1, TO_THE_END = 0 };
    const uint32_t payload = options.size - STREAM_HEADERS;
    append((struct transmit_descriptor){
        .address = IP_START | IP_CHECKSUM << 8 | IP_END << 16 | (uint64_t)TCP_START << 32 |
                   (uint64_t)TCP_CHECKSUM << 40 | (uint64_t)TO_THE_END << 48,
        .length = payload,
        .cso = DTYP_CONTEXT | payload >> 16,
        .command = TX_DEXT | TX_TSE | TUCMD_IP | TUCMD_TCP,
        .css = STREAM_HEADERS,
        .special = STREAM_MSS,
    });
}

static void append_large_frame(uint64_t address, uint8_t report)
{
    append_context();
    for (unsigned offset = 0; offset < options.size; offset += MAXIMUM_DATA) {
        unsigned rest = options.size - offset;
        bool is_last = rest <= MAXIMUM_DATA;
        append((struct transmit_descriptor){
            .address = address + offset,
            .length = is_last ? rest : MAXIMUM_DATA,
            .cso = DTYP_DATA,
            .command = TX_DEXT | TX_TSE | TX_IFCS | (is_last ? TX_EOP | report : 0),
            .css = POPTS_IXSM | POPTS_TXSM,
        });
    }
}

/* Section 3.2.7.1.1: IDE makes the report's interrupt wait for the timers. */
static void append_frame(uint64_t sequence, bool is_last)
{
    void *frame = buffer(next_buffer);
    uint8_t report = is_last ? TX_RS | (options.tidv ? TX_IDE : 0) : 0;
    next_buffer = next_buffer + 1 == options.batch ? 0 : next_buffer + 1;
    if (options.segments) {
        fill_stream_frame(frame, options.size, sequence * (options.size - STREAM_HEADERS));
        append_large_frame((uint64_t)frame, report);
        return;
    }
    number_frame(frame, options.size, sequence);
    append((struct transmit_descriptor){
        .address = (uint64_t)frame, .length = options.size, .command = TX_EOP | TX_IFCS | report});
}

/* As if the card forgot everything between two packets. */
static void transmit_naively(uint64_t sequence)
{
    tail = 0;
    append_frame(sequence, true);
    program_ring();
    write_e1000(TDT, tail);
    WAIT_UNTIL(read_e1000(ICR) & ICR_TXDW, REGISTER_PATIENCE, "the E1000 did not transmit frame %lu", sequence);
}

/* Section 3.4: only the last descriptor asks for a report (RS), since the card takes them in order. */
static void transmit_batch(uint64_t sequence, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        append_frame(sequence + i, i == count - 1);
        if (options.each_doorbell)
            write_e1000(TDT, tail);
    }
    if (options.each_doorbell)
        read_e1000(STATUS);
    else
        write_e1000(TDT, tail);
}

void transmit_by_e1000(uint64_t sequence, unsigned count)
{
    if (options.driver != NAIVE)
        transmit_batch(sequence, count);
    else
        for (unsigned i = 0; i < count; i++)
            transmit_naively(sequence + i);
}

void await_e1000_transmitter(void)
{
    if (options.driver != NAIVE)
        WAIT_UNTIL(ring[last].status & TX_DD, PATIENCE, "the E1000 did not report descriptor %lu", (uint64_t)last);
}

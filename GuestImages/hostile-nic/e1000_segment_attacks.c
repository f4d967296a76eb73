/* Attacks on the 82540EM's segmentation: manual, sections 3.3.6 and 3.3.7 on context and data descriptors. */
#include "e1000_attacks.h"
#include "stream.h"

enum { RING_SIZE = 16, LONGEST = 0xfffff }; /* lengths have 20 bits */
static volatile struct transmit_descriptor ring[RING_SIZE] __attribute__((aligned(128)));
static uint8_t frame[MAXIMUM_STREAM_FRAME] __attribute__((aligned(16)));
static unsigned tail;

/* The fields of a context descriptor; well_formed is that of a large frame. */
struct context {
    uint8_t ip_start, ip_checksum, tcp_start, tcp_checksum, header;
    uint16_t ip_end, tcp_end, segment;
    uint32_t payload;
    uint8_t command;
};
static const struct context well_formed = {
    .ip_start = IP_START, .ip_checksum = IP_CHECKSUM, .ip_end = TCP_START - 1,
    .tcp_start = TCP_START, .tcp_checksum = TCP_CHECKSUM,
    .header = STREAM_HEADERS, .segment = STREAM_MSS, .payload = STREAM_SEGMENTS * STREAM_MSS,
    .command = TX_TSE | TUCMD_IP | TUCMD_TCP,
};

static void begin(void)
{
    tail = 0;
    __builtin_memset((void *)ring, 0, sizeof ring);
    prepare_stream_frame(frame, sizeof frame, LENGTHS_BY_CARD);
    program_attacked_transmitter((uint64_t)ring, sizeof ring);
}

static void append_context(struct context context)
{
    ring[tail++] = (struct transmit_descriptor){
        .address = context.ip_start | context.ip_checksum << 8 | (uint64_t)context.ip_end << 16 |
                   (uint64_t)context.tcp_start << 32 | (uint64_t)context.tcp_checksum << 40 |
                   (uint64_t)context.tcp_end << 48,
        .length = context.payload,
        .cso = DTYP_CONTEXT | (context.payload >> 16 & 0xf),
        .command = TX_DEXT | context.command,
        .css = context.header,
        .special = context.segment,
    };
}

static void append_data(uint64_t address, uint32_t length, uint8_t command)
{
    ring[tail++] = (struct transmit_descriptor){
        .address = address,
        .length = length,
        .cso = DTYP_DATA | (length >> 16 & 0xf),
        .command = TX_DEXT | TX_IFCS | command,
        .css = POPTS_IXSM | POPTS_TXSM,
    };
}

/* By this context, a frame in one descriptor, then in pieces of a byte with the rest behind. */
static void segment_by(struct context context)
{
    begin();
    append_context(context);
    append_data((uint64_t)frame, sizeof frame, TX_TSE | TX_EOP | TX_RS);
    append_context(context);
    append_data((uint64_t)frame, 1, TX_TSE);
    append_data((uint64_t)frame + 1, 1, TX_TSE);
    append_data((uint64_t)frame + 2, sizeof frame - 2, TX_TSE | TX_EOP | TX_RS);
    write_e1000(TDT, tail);
}

static void no_segment_size(void)
{
    struct context context = well_formed;
    context.segment = 0;
    segment_by(context);
}

/* A million segments of a byte, of memory that is there. */
static void segments_of_one_byte(void)
{
    struct context context = well_formed;
    context.segment = 1;
    context.payload = LONGEST;
    begin();
    append_context(context);
    append_data(0x100000, LONGEST, TX_TSE | TX_EOP | TX_RS);
    write_e1000(TDT, tail);
}

static void no_header(void)
{
    struct context context = well_formed;
    context.header = 0;
    segment_by(context);
}

static void header_longer_than_frame(void)
{
    struct context context = well_formed;
    context.header = 255;
    begin();
    append_context(context);
    append_data((uint64_t)frame, MINIMUM_FRAME, TX_TSE | TX_EOP | TX_RS);
    write_e1000(TDT, tail);
}

static void offsets_outside_header(void)
{
    struct context context = well_formed;
    context.ip_start = context.ip_checksum = context.tcp_start = context.tcp_checksum = 255;
    segment_by(context);
    context.header = 1;
    segment_by(context);
    context.ip_end = context.tcp_end = 1;
    segment_by(context);
}

static void more_payload_than_data(void)
{
    struct context context = well_formed;
    context.payload = LONGEST;
    segment_by(context);
}

static void more_data_than_payload(void)
{
    struct context context = well_formed;
    context.payload = 1;
    segment_by(context);
    context.payload = 0;
    segment_by(context);
}

static void segments_beyond_any_frame(void)
{
    struct context context = well_formed;
    context.segment = 0xffff;
    context.payload = LONGEST;
    segment_by(context);
}

/* Data descriptors with no context, or with one of another kind, and legacy ones between those of a frame. */
static void kinds_mixed(void)
{
    begin();
    append_data((uint64_t)frame, 200, TX_TSE);
    ring[tail++] = (struct transmit_descriptor){.address = (uint64_t)frame, .length = 60, .command = TX_EOP | TX_RS};
    append_data((uint64_t)frame, 200, 0);
    append_context(well_formed);
    append_data((uint64_t)frame, 200, TX_TSE | TX_EOP | TX_RS);
    append_data((uint64_t)frame, 200, TX_EOP | TX_RS);
    write_e1000(TDT, tail);
}

static void nothing_but_contexts(void)
{
    begin();
    while (tail < RING_SIZE - 1)
        append_context(well_formed);
    write_e1000(TDT, tail);
}

static void types_that_are_none(void)
{
    begin();
    for (unsigned type = 2; type < 16; type++)
        ring[tail++] = (struct transmit_descriptor){
            .address = (uint64_t)frame, .length = 60, .cso = type << 4, .command = TX_DEXT | TX_EOP | TX_RS};
    write_e1000(TDT, tail);
}

static void data_outside_memory(void)
{
    const uint64_t addresses[] = {NOWHERE, memory_end() - 64, LAST_BYTES, e1000_registers};
    for (unsigned i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        begin();
        append_context(well_formed);
        append_data((uint64_t)frame, STREAM_HEADERS, TX_TSE);
        append_data(addresses[i], MAXIMUM_DATA, TX_TSE | TX_EOP | TX_RS);
        write_e1000(TDT, tail);
    }
}

const struct attack e1000_segment_attacks[] = {
    {"segments of no size", no_segment_size, SURVIVE},
    {"a million segments of a byte", segments_of_one_byte, SURVIVE},
    {"segments without a header", no_header, SURVIVE},
    {"header longer than the frame", header_longer_than_frame, SURVIVE},
    {"checksums outside the header", offsets_outside_header, SURVIVE},
    {"more payload promised than there is", more_payload_than_data, SURVIVE},
    {"less payload promised than there is", more_data_than_payload, SURVIVE},
    {"segments beyond any frame", segments_beyond_any_frame, SURVIVE},
    {"kinds of descriptors mixed in a frame", kinds_mixed, SURVIVE},
    {"nothing but context descriptors", nothing_but_contexts, SURVIVE},
    {"descriptors of types that are none", types_that_are_none, SURVIVE},
    {"segments from outside memory", data_outside_memory, SURVIVE},
};
const unsigned e1000_segment_attack_count = sizeof e1000_segment_attacks / sizeof *e1000_segment_attacks;

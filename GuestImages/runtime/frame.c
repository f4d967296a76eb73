/* The frames: written, numbered, checked. */
#include "frame.h"

#include "keys.h"
#include "print.h"

/* Locally administered addresses (IEEE 802, second bit of the first byte): nobody else's. */
static const uint8_t here[6] = {2, 0, 0, 0, 0, 1}, there[6] = {2, 0, 0, 0, 0, 2};

enum { ETHERTYPE_0 = 0x88, ETHERTYPE_1 = 0xb5 };

unsigned frame_size_key(void)
{
    return number_key("size") & ~3u;
}

static unsigned payload_words(unsigned size)
{
    return (size - __builtin_offsetof(struct frame, payload)) / 4;
}

static uint32_t mix(uint32_t checksum, uint32_t word)
{
    return ((checksum << 5 | checksum >> 27) ^ word) * 0x9e3779b1;
}

static uint32_t checksum_of(const struct frame *frame, unsigned size)
{
    uint32_t checksum = 0x53564d4d;
    checksum = mix(checksum, frame->sequence);
    checksum = mix(checksum, frame->sequence >> 32);
    for (unsigned i = 0; i < payload_words(size); i++)
        checksum = mix(checksum, frame->payload[i]);
    return checksum;
}

void prepare_frame(struct frame *frame, unsigned size)
{
    __builtin_memcpy(frame->destination, there, sizeof there);
    __builtin_memcpy(frame->source, here, sizeof here);
    frame->ethertype[0] = ETHERTYPE_0;
    frame->ethertype[1] = ETHERTYPE_1;
    frame->zero = 0;
    for (unsigned i = 0; i < payload_words(size); i++)
        frame->payload[i] = i * 0x01000193;
}

void number_frame(struct frame *frame, unsigned size, uint64_t sequence)
{
    frame->sequence = sequence;
    frame->checksum = checksum_of(frame, size);
}

void check_returned_frame(const struct frame *frame, unsigned length, unsigned size, uint64_t sequence)
{
    if (length != size)
        fail("frame %lu came back with %lu bytes instead of %lu", sequence, (uint64_t)length, (uint64_t)size);
    if (__builtin_memcmp(frame->destination, here, sizeof here) ||
        __builtin_memcmp(frame->source, there, sizeof there) ||
        frame->ethertype[0] != ETHERTYPE_0 || frame->ethertype[1] != ETHERTYPE_1)
        fail("frame %lu came back with another header", sequence);
    if (frame->sequence != sequence)
        fail("frame %lu came back when frame %lu was due", frame->sequence, sequence);
    if (frame->checksum != checksum_of(frame, size))
        fail("frame %lu came back with a wrong checksum", sequence);
}

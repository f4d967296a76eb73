/* The small frames: written, numbered, checked. */
#include "frame.h"

#include "print.h"
#include "stream.h"

/* Locally administered addresses (IEEE 802, second bit of the first byte): nobody else's. */
static const uint8_t here[6] = {2, 0, 0, 0, 0, 1}, there[6] = {2, 0, 0, 0, 0, 2};

enum { ETHERTYPE_0 = 0x88, ETHERTYPE_1 = 0xb5 };
enum { HEADER = __builtin_offsetof(struct frame, payload) };

/* The last word of a frame whose length is no multiple of 4 is filled up with zeros. */
static uint32_t checksum_of(const struct frame *frame, unsigned size)
{
    unsigned words = (size - HEADER) / 4, rest = size % 4;
    uint32_t checksum = FRAME_SEED;
    checksum = mix_word(checksum, frame->sequence);
    checksum = mix_word(checksum, frame->sequence >> 32);
    for (unsigned i = 0; i < words; i++)
        checksum = mix_word(checksum, frame->payload[i]);
    return rest ? mix_word(checksum, frame->payload[words] & ((1u << 8 * rest) - 1)) : checksum;
}

void write_addresses(void *frame)
{
    __builtin_memcpy(frame, there, sizeof there);
    __builtin_memcpy((uint8_t *)frame + sizeof there, here, sizeof here);
}

void prepare_frame(struct frame *frame, unsigned size)
{
    write_addresses(frame);
    frame->ethertype[0] = ETHERTYPE_0;
    frame->ethertype[1] = ETHERTYPE_1;
    frame->zero = 0;
    for (unsigned i = 0; i < (size - HEADER + 3) / 4; i++)
        frame->payload[i] = i * 0x01000193;
}

void number_frame(struct frame *frame, unsigned size, uint64_t sequence)
{
    frame->sequence = sequence;
    frame->checksum = checksum_of(frame, size);
}

static bool is_small(const struct frame *frame)
{
    return frame->ethertype[0] == ETHERTYPE_0 && frame->ethertype[1] == ETHERTYPE_1;
}

static unsigned expected_size;

void expect_returned_frames(unsigned size)
{
    expected_size = size;
}

void take_returned_frame(const void *bytes, unsigned length, bool partial, uint64_t number)
{
    const struct frame *frame = bytes;
    (void)partial;
    if (length != expected_size)
        fail("frame %lu came back with %lu bytes instead of %lu", number, (uint64_t)length, (uint64_t)expected_size);
    if (__builtin_memcmp(frame->destination, here, sizeof here) ||
        __builtin_memcmp(frame->source, there, sizeof there) || !is_small(frame))
        fail("frame %lu came back with another header", number);
    if (frame->sequence != number)
        fail("frame %lu came back when frame %lu was due", frame->sequence, number);
    if (frame->checksum != checksum_of(frame, expected_size))
        fail("frame %lu came back with a wrong checksum", number);
}

static uint64_t missing_frames, missing_bytes;
static bool gaps_allowed;
static uint64_t next_sequence;
static uint32_t next_position;

void expect_source_frames(unsigned size, bool gaps)
{
    expected_size = size;
    gaps_allowed = gaps;
}

static void take_small_frame(const struct frame *frame, unsigned length, uint64_t number)
{
    if (length > MAXIMUM_FRAME)
        fail("frame %lu came with %lu bytes", number, (uint64_t)length);
    if (frame->checksum != checksum_of(frame, length))
        fail("frame %lu came with a wrong checksum", number);
    if (frame->sequence < next_sequence || (frame->sequence > next_sequence && !gaps_allowed))
        fail("frame %lu came when frame %lu was due", frame->sequence, next_sequence);
    missing_frames += frame->sequence - next_sequence;
    next_sequence = frame->sequence + 1;
}

static void take_large_frame(const void *frame, unsigned length, bool partial, uint64_t number)
{
    uint32_t position = check_stream_frame(frame, length, partial, number);
    uint32_t gap = position - next_position; /* modulo 2^32, as TCP counts */
    if ((int32_t)gap < 0 || (gap && !gaps_allowed))
        fail("byte %lu of the stream came when byte %lu was due", (uint64_t)position, (uint64_t)next_position);
    missing_bytes += gap;
    next_position = position + length - STREAM_HEADERS;
}

void take_source_frame(const void *frame, unsigned length, bool partial, uint64_t number)
{
    if (length < MINIMUM_FRAME || (expected_size && length != expected_size))
        fail("frame %lu came with %lu bytes", number, (uint64_t)length);
    if (is_small(frame))
        take_small_frame(frame, length, number);
    else
        take_large_frame(frame, length, partial, number);
}

void print_received(const char *image, uint64_t packets)
{
    print("%s: %lu packets received", image, packets);
    if (missing_frames)
        print(", %lu missing", missing_frames);
    if (missing_bytes)
        print(", %lu bytes missing", missing_bytes);
    print("\n");
}

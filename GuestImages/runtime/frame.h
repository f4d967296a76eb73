/* The frames that NIC images and the VMM's back ends exchange: docs/guest-abi.md, "The frames". */
#ifndef FRAME_H
#define FRAME_H

#include <stdbool.h>
#include <stdint.h>

enum { MINIMUM_FRAME = 60, MAXIMUM_FRAME = 1514 };
#define FRAME_SEED 0x53564d4du

/* One step of the checksum. */
static inline uint32_t mix_word(uint32_t checksum, uint32_t word)
{
    return ((checksum << 5 | checksum >> 27) ^ word) * 0x9e3779b1;
}

/* Not aligned to 8: behind a virtio header of 12 bytes it is not. */
struct frame {
    uint8_t destination[6], source[6];
    uint8_t ethertype[2];
    uint16_t zero;
    uint64_t sequence;
    uint32_t checksum;
    uint32_t payload[(MAXIMUM_FRAME - 28 + 3) / 4];
} __attribute__((packed, aligned(4)));

/* The addresses of a frame that this guest sends. */
void write_addresses(void *frame);

/* Writes a frame but for its number. Once for each buffer. */
void prepare_frame(struct frame *frame, unsigned size);

/* Gives a prepared frame its sequence number and the checksum that goes with it. */
void number_frame(struct frame *frame, unsigned size, uint64_t sequence);

/*
 * What takes received frames, in their order. `number` counts them; `partial` says that a TCP checksum covers the
 * pseudo header alone, as VIRTIO_NET_HDR_F_NEEDS_CSUM does.
 */
typedef void frame_taker(const void *frame, unsigned length, bool partial, uint64_t number);

/*
 * Takes frames as a reflector returns those that were sent with this size; ends the run with a line at the first
 * other.
 */
void expect_returned_frames(unsigned size);
frame_taker take_returned_frame;

/*
 * Takes the frames of a source, small and large ones, each behind the one before it; ends the run with a line at the
 * first other. `size`: their length, 0 where any is right. `gaps`: frames may be missing, and are counted.
 */
void expect_source_frames(unsigned size, bool gaps);
frame_taker take_source_frame;

/* For the end of an image: how many frames came, and what was left out before one of them. */
void print_received(const char *image, uint64_t packets);

#endif

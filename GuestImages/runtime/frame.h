/* The frames that NIC images and the VMM's back ends exchange: docs/guest-abi.md, "The frames". */
#ifndef FRAME_H
#define FRAME_H

#include <stdbool.h>
#include <stdint.h>

enum { MINIMUM_FRAME = 60, MAXIMUM_FRAME = 1512 };

/* Not aligned to 8: behind a virtio header of 12 bytes it is not. */
struct frame {
    uint8_t destination[6], source[6];
    uint8_t ethertype[2];
    uint16_t zero;
    uint64_t sequence;
    uint32_t checksum;
    uint32_t payload[(MAXIMUM_FRAME - 28) / 4];
} __attribute__((packed, aligned(4)));

/* The `size` key of an image, rounded down to a multiple of 4. */
unsigned frame_size_key(void);

/* Writes a frame but for its number. Once for each buffer. */
void prepare_frame(struct frame *frame, unsigned size);

/* Gives a prepared frame its sequence number and the checksum that goes with it. */
void number_frame(struct frame *frame, unsigned size, uint64_t sequence);

/* Ends the run with a line that says what is wrong, unless this is the frame `sequence` as a reflector returns it. */
void check_returned_frame(const struct frame *frame, unsigned length, unsigned size, uint64_t sequence);

#endif

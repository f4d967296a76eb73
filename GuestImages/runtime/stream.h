/*
 * The large frames that a NIC cuts into segments, and the segments: docs/guest-abi.md, "The frames". Ethernet, IPv4 and
 * TCP, whose payload is a stream of words that follow from their place in it.
 */
#ifndef STREAM_H
#define STREAM_H

#include <stdbool.h>
#include <stdint.h>

enum { STREAM_HEADERS = 54, STREAM_MSS = 1448, STREAM_SEGMENTS = 45 };
enum { MAXIMUM_STREAM_FRAME = STREAM_HEADERS + STREAM_SEGMENTS * STREAM_MSS };

/* Where checksums go, from the start of the frame: RFC 791, RFC 9293. */
enum { IP_START = 14, IP_CHECKSUM = IP_START + 10, TCP_START = IP_START + 20, TCP_CHECKSUM = TCP_START + 16 };

/* Who puts the lengths into the headers of a large frame: the driver, or the card, as the E1000 does. */
enum stream_lengths { LENGTHS_BY_DRIVER, LENGTHS_BY_CARD };

/* The length of a large frame that is no longer than `size`: its payload is a multiple of 4. */
unsigned stream_frame_size(unsigned size);

/* Writes the headers but for the sequence number. Once for each buffer. */
void prepare_stream_frame(void *frame, unsigned size, enum stream_lengths lengths);

/* Gives a prepared frame its place in the stream: sequence number and payload. */
void fill_stream_frame(void *frame, unsigned size, uint32_t position);

/*
 * Whether a received frame of this kind is whole; else ends the run with a line. `number` is for that line. A
 * checksum that is partial covers the pseudo header alone. Returns the frame's position in the stream.
 */
uint32_t check_stream_frame(const void *frame, unsigned length, bool partial, uint64_t number);

#endif

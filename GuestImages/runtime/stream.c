/* Large frames: written and checked. Numbers in headers are big endian. */
#include "stream.h"

#include "frame.h"
#include "print.h"

struct stream_headers {
    uint8_t destination[6], source[6];
    uint16_t ethertype;
    struct {
        uint8_t version_and_length, service;
        uint16_t total_length, identification, fragment;
        uint8_t time_to_live, protocol;
        uint16_t checksum;
        uint32_t source, destination;
    } __attribute__((packed)) ip;
    struct {
        uint16_t source_port, destination_port;
        uint32_t sequence, acknowledgement;
        uint8_t data_offset, flags;
        uint16_t window, checksum, urgent;
    } __attribute__((packed)) tcp;
} __attribute__((packed));
_Static_assert(sizeof(struct stream_headers) == STREAM_HEADERS, "three headers without options");

enum { IPV4_OF_5_WORDS = 0x45, TIME_TO_LIVE = 64, TCP = 6, TCP_OF_5_WORDS = 0x50, ACK = 0x10, WINDOW = 65535 };
enum { IP_HEADER = 20, TCP_HEADER = 20, GUEST = 0x0a000002, PEER = 0x0a000001 };

static uint16_t swap16(uint16_t value)
{
    return __builtin_bswap16(value);
}

/* RFC 1071, in the byte order of memory: the sum does not care. */
static uint32_t add_words(uint32_t sum, const void *bytes, unsigned length)
{
    const uint8_t *byte = bytes;
    uint64_t total = sum;
    for (; length >= 4; length -= 4, byte += 4) {
        uint32_t word;
        __builtin_memcpy(&word, byte, sizeof word);
        total += word;
    }
    if (length >= 2) /* the headers are 54 bytes */
        total += byte[0] | byte[1] << 8;
    total = (total & 0xffffffff) + (total >> 32);
    return (total & 0xffff) + (total >> 16 & 0xffff) + (total >> 32);
}

static uint16_t fold(uint32_t sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    return (sum & 0xffff) + (sum >> 16);
}

/* The pseudo header's part of the sum, without the length. */
static uint32_t pseudo_header(const struct stream_headers *headers)
{
    return add_words(swap16(TCP), &headers->ip.source, 8);
}

static uint32_t payload_word(uint32_t position)
{
    return mix_word(FRAME_SEED, position / 4);
}

unsigned stream_frame_size(unsigned size)
{
    enum { LEAST = 8 }; /* bytes of payload: 62 in all are no runt */
    unsigned payload = size < STREAM_HEADERS + LEAST ? LEAST : (size - STREAM_HEADERS) & ~3u;
    return STREAM_HEADERS + payload;
}

void prepare_stream_frame(void *frame, unsigned size, enum stream_lengths lengths)
{
    bool by_driver = lengths == LENGTHS_BY_DRIVER;
    struct stream_headers headers = {
        .ethertype = swap16(0x0800),
        .ip = {
            .version_and_length = IPV4_OF_5_WORDS,
            .total_length = by_driver ? swap16(size - IP_START) : 0,
            .time_to_live = TIME_TO_LIVE,
            .protocol = TCP,
            .source = __builtin_bswap32(GUEST),
            .destination = __builtin_bswap32(PEER),
        },
        .tcp = {
            .source_port = swap16(1),
            .destination_port = swap16(2),
            .data_offset = TCP_OF_5_WORDS,
            .flags = ACK,
            .window = swap16(WINDOW),
        },
    };
    write_addresses(&headers);
    if (by_driver)
        headers.ip.checksum = ~fold(add_words(0, &headers.ip, IP_HEADER));
    headers.tcp.checksum = fold(pseudo_header(&headers) + (by_driver ? swap16(size - TCP_START) : 0));
    __builtin_memcpy(frame, &headers, sizeof headers);
}

void fill_stream_frame(void *frame, unsigned size, uint32_t position)
{
    struct stream_headers *headers = frame;
    uint8_t *payload = (uint8_t *)frame + STREAM_HEADERS, *end = (uint8_t *)frame + size;
    headers->tcp.sequence = __builtin_bswap32(position);
    for (; payload < end; payload += 4, position += 4) {
        uint32_t word = payload_word(position);
        __builtin_memcpy(payload, &word, sizeof word);
    }
}

static const char *header_fault(const struct stream_headers *headers, unsigned length)
{
    if (length < STREAM_HEADERS + 4 || (length - STREAM_HEADERS) % 4)
        return "a length that is none";
    if (headers->ip.version_and_length != IPV4_OF_5_WORDS || headers->ip.protocol != TCP ||
        headers->tcp.data_offset != TCP_OF_5_WORDS)
        return "other headers";
    if (headers->ip.total_length != swap16(length - IP_START))
        return "a wrong IP length";
    if (fold(add_words(0, &headers->ip, IP_HEADER)) != 0xffff)
        return "a wrong IP checksum";
    return 0;
}

uint32_t check_stream_frame(const void *frame, unsigned length, bool partial, uint64_t number)
{
    const struct stream_headers *headers = frame;
    const uint8_t *payload = (const uint8_t *)frame + STREAM_HEADERS, *end = (const uint8_t *)frame + length;
    const char *fault = header_fault(headers, length);
    if (fault)
        fail("frame %lu came with %s", number, fault);
    uint32_t first = __builtin_bswap32(headers->tcp.sequence), position = first;
    for (; payload < end; payload += 4, position += 4) {
        uint32_t word;
        __builtin_memcpy(&word, payload, sizeof word);
        if (word != payload_word(position))
            fail("frame %lu came with a wrong word at %lu of the stream", number, (uint64_t)position);
    }
    uint32_t pseudo = pseudo_header(headers) + swap16(length - TCP_START);
    uint16_t sum = partial ? fold(pseudo) == headers->tcp.checksum ? 0xffff : 0
                           : fold(pseudo + add_words(0, &headers->tcp, length - TCP_START));
    if (sum != 0xffff)
        fail("frame %lu came with a wrong TCP checksum", number);
    return first;
}

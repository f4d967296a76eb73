/*
 * Transmission by virtio-net. A packet is one descriptor: its header and its frame lie one behind the other (section
 * 5.1.6); or with indirect=1 one descriptor whose table parts the two.
 */
#include "stream.h"
#include "virtio_net_queues.h"
#include "wait.h"

enum { LARGE_BUFFERS = 256 };
static struct virtqueue transmitq;
static uint8_t space[LARGE_BUFFERS * LARGE_BUFFER] __attribute__((aligned(4096)));
static struct virtq_desc tables[VIRTQUEUE_MAXIMUM_SIZE][2];

static unsigned frame_size, stride;
static bool large;
static uint64_t interrupts_before; /* when the batch was notified */

static uint8_t *buffer(unsigned n)
{
    return &space[n * stride];
}

static void *frame(unsigned n)
{
    return buffer(n) + NET_HEADER;
}

/* What is left to the device: section 5.1.6.2. A frame of one segment needs no cutting. */
static struct virtio_net_hdr header(void)
{
    if (!large)
        return (struct virtio_net_hdr){0};
    bool cut = frame_size > STREAM_HEADERS + STREAM_MSS;
    return (struct virtio_net_hdr){
        .flags = NEEDS_CSUM,
        .gso_type = cut ? GSO_TCPV4 : GSO_NONE,
        .hdr_len = STREAM_HEADERS,
        .gso_size = cut ? STREAM_MSS : 0,
        .csum_start = TCP_START,
        .csum_offset = TCP_CHECKSUM - TCP_START,
    };
}

static void prepare_buffer(unsigned n)
{
    struct virtio_net_hdr net_header = header();
    __builtin_memcpy(buffer(n), &net_header, sizeof net_header);
    if (large)
        prepare_stream_frame(frame(n), frame_size, LENGTHS_BY_DRIVER);
    else
        prepare_frame(frame(n), frame_size);
}

/* Descriptor n is buffer n, and stays in slot n of the available ring: each batch is used up before the next begins. */
static void prepare_descriptor(unsigned n, bool indirect)
{
    transmitq.avail.ring[n] = n;
    if (!indirect) {
        transmitq.desc[n] = (struct virtq_desc){.addr = (uint64_t)buffer(n), .len = NET_HEADER + frame_size};
        return;
    }
    tables[n][0] = (struct virtq_desc){
        .addr = (uint64_t)buffer(n), .len = NET_HEADER, .flags = VIRTQ_DESC_F_NEXT, .next = 1};
    tables[n][1] = (struct virtq_desc){.addr = (uint64_t)frame(n), .len = frame_size};
    transmitq.desc[n] = (struct virtq_desc){
        .addr = (uint64_t)tables[n], .len = sizeof tables[n], .flags = VIRTQ_DESC_F_INDIRECT};
}

/* With a receiver, only that interrupts: a frame that is back has been sent. */
void set_up_transmitq(const struct virtio_net_options *options, unsigned *batch)
{
    large = options->segments && !options->has_source;
    stride = large ? LARGE_BUFFER : SMALL_BUFFER;
    frame_size = options->size;
    if (*batch > sizeof space / stride)
        *batch = sizeof space / stride;
    set_up_virtqueue(&transmitq, TRANSMITQ1, options->has_source ? 1 : *batch);
    if (!options->has_source && *batch > transmitq.size)
        *batch = transmitq.size;
    set_interrupts(&transmitq, options->interrupts != NO_INTERRUPTS && !options->taker);
    for (unsigned i = 0; i < transmitq.size && !options->has_source; i++) {
        prepare_buffer(i);
        prepare_descriptor(i, options->indirect);
    }
}

void transmit_by_virtio_net(uint64_t sequence, unsigned count)
{
    interrupts_before = virtio_interrupts;
    for (unsigned i = 0; i < count; i++) {
        void *to = frame(transmitq.offered++ % transmitq.size);
        if (large)
            fill_stream_frame(to, frame_size, (sequence + i) * (frame_size - STREAM_HEADERS));
        else
            number_frame(to, frame_size, sequence + i);
    }
    interrupt_behind(&transmitq, transmitq.offered - 1);
    publish_and_notify(&transmitq);
}

void await_virtio_net_transmitter(void)
{
    uint16_t sent = transmitq.offered - transmitq.taken;
    await_used(&transmitq, sent, interrupts_before, false);
    if (used_count(&transmitq) != sent)
        fail("virtio-net: %lu buffers used, but %lu offered", (uint64_t)used_count(&transmitq), (uint64_t)sent);
    transmitq.taken = transmitq.offered;
}

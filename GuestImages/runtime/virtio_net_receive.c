/*
 * Reception by virtio-net. Without MRG_RXBUF a packet has one buffer; with it, as many as it takes, which are put
 * together here before the frame is looked at.
 */
#include "pci.h"
#include "stream.h"
#include "virtio_net_queues.h"
#include "wait.h"

/* Section 5.1.6.3.1: with GUEST_TSO4 and without MRG_RXBUF a buffer has 65562 bytes. */
enum { LARGE_BUFFERS = 256, WHOLE_BUFFER = LARGE_BUFFER + 4096, MERGEABLE_BUFFER = 4096 };
static struct virtqueue receiveq;
static uint8_t space[LARGE_BUFFERS * WHOLE_BUFFER] __attribute__((aligned(4096)));
static uint8_t whole[LARGE_BUFFER] __attribute__((aligned(4096)));
static struct virtq_desc tables[VIRTQUEUE_MAXIMUM_SIZE][2];

static unsigned stride, buffers_per_packet, batch_size;
static bool mergeable, look_first;
static bool num_buffers_may_be_0; /* without MRG_RXBUF, which section 5.1.6.4.1 forbids; QEMU 7.2 does it */
static frame_taker *take;
static uint64_t interrupts_before;

/* Descriptor n is buffer n. */
static void prepare_descriptor(unsigned n, bool indirect)
{
    uint64_t address = (uint64_t)&space[n * stride];
    if (!indirect) {
        receiveq.desc[n] = (struct virtq_desc){.addr = address, .len = stride, .flags = VIRTQ_DESC_F_WRITE};
        return;
    }
    tables[n][0] = (struct virtq_desc){
        .addr = address, .len = NET_HEADER, .flags = VIRTQ_DESC_F_WRITE | VIRTQ_DESC_F_NEXT, .next = 1};
    tables[n][1] = (struct virtq_desc){
        .addr = address + NET_HEADER, .len = stride - NET_HEADER, .flags = VIRTQ_DESC_F_WRITE};
    receiveq.desc[n] = (struct virtq_desc){
        .addr = (uint64_t)tables[n], .len = sizeof tables[n], .flags = VIRTQ_DESC_F_INDIRECT};
}

static void choose_buffers(const struct virtio_net_options *options)
{
    enum { MOST = NET_HEADER + MAXIMUM_STREAM_FRAME };
    mergeable = options->mergeable;
    stride = !options->segments ? SMALL_BUFFER : mergeable ? MERGEABLE_BUFFER : WHOLE_BUFFER;
    buffers_per_packet = options->segments && mergeable ? (MOST + stride - 1) / stride : 1;
}

void set_up_receiveq(const struct virtio_net_options *options, unsigned *batch)
{
    choose_buffers(options);
    take = options->taker;
    num_buffers_may_be_0 = is_qemu_pc();
    look_first = options->has_source;
    unsigned most = sizeof space / stride / buffers_per_packet;
    if (take && *batch > most)
        *batch = most;
    set_up_virtqueue(&receiveq, RECEIVEQ1, take ? *batch * buffers_per_packet : 1);
    if (take && *batch > receiveq.size / buffers_per_packet)
        *batch = receiveq.size / buffers_per_packet;
    if (*batch == 0)
        fail("virtio-net: a receive queue of %lu holds no packet of %lu buffers", (uint64_t)receiveq.size,
             (uint64_t)buffers_per_packet);
    batch_size = *batch;
    set_interrupts(&receiveq, options->interrupts != NO_INTERRUPTS && take);
    for (unsigned i = 0; i < receiveq.size && take; i++) {
        prepare_descriptor(i, options->indirect);
        offer_descriptor(&receiveq, i);
    }
}

void give_virtio_net_buffers(void)
{
    interrupts_before = virtio_interrupts;
    interrupt_behind(&receiveq, receiveq.taken + batch_size - 1);
    publish_and_notify(&receiveq);
}

/* The next buffer that the device has used: its place and how much of it is filled. */
static uint8_t *take_buffer(unsigned *length)
{
    struct virtq_used_elem used = take_used(&receiveq);
    if (used.id >= receiveq.size)
        fail("virtio-net: descriptor %lu of a queue of %lu", (uint64_t)used.id, (uint64_t)receiveq.size);
    if (used.len > stride)
        fail("virtio-net: %lu bytes in a buffer of %lu", (uint64_t)used.len, (uint64_t)stride);
    *length = used.len;
    offer_descriptor(&receiveq, used.id);
    return &space[used.id * stride];
}

/* Behind the first buffer come the rest of the frame's. All are there at once: section 5.1.6.4. */
static unsigned put_together(const uint8_t *first, unsigned length, unsigned buffers)
{
    __builtin_memcpy(whole, first, length);
    for (; buffers > 1; buffers--) {
        unsigned more;
        const uint8_t *next = take_buffer(&more);
        if (more > sizeof whole - length)
            fail("virtio-net: a packet of more than %lu bytes", (uint64_t)sizeof whole);
        __builtin_memcpy(whole + length, next, more);
        length += more;
    }
    return length;
}

static void receive_packet(uint64_t number)
{
    unsigned length;
    const uint8_t *packet = take_buffer(&length);
    struct virtio_net_hdr header;
    __builtin_memcpy(&header, packet, sizeof header);
    if (length < sizeof header)
        fail("virtio-net: a packet of %lu bytes", (uint64_t)length);
    if (!mergeable && num_buffers_may_be_0)
        header.num_buffers = 1;
    if (header.num_buffers == 0 || (header.num_buffers != 1 && !mergeable))
        fail("virtio-net: num_buffers is %lu", (uint64_t)header.num_buffers);
    if (header.num_buffers > 1) {
        await_used(&receiveq, header.num_buffers - 1, virtio_interrupts, true);
        length = put_together(packet, length, header.num_buffers);
        packet = whole;
    }
    take(packet + sizeof header, length - sizeof header, header.flags & NEEDS_CSUM, number);
}

void receive_by_virtio_net(uint64_t number, unsigned count)
{
    if (buffers_per_packet == 1)
        await_used(&receiveq, count, interrupts_before, look_first);
    for (unsigned i = 0; i < count; i++) {
        if (buffers_per_packet > 1)
            await_used(&receiveq, 1, interrupts_before, true);
        receive_packet(number + i);
    }
}

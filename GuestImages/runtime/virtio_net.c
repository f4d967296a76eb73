/*
 * virtio-net.
 *
 *                     register accesses
 *     transmission    1 a batch: QueueNotify written; no more if the device has NO_NOTIFY set
 *     reception       1 a batch, likewise
 *     interrupt       2 an interrupt: InterruptStatus read, InterruptACK written by the handler
 *
 * A packet is one descriptor: its header and its frame lie one behind the other (section 5.1.6).
 */
#include "virtio_net.h"

#include "virtio_mmio.h"
#include "wait.h"

/* Section 5.1.6: with VERSION_1 num_buffers is always there. All zero says: nothing to do for the device. */
struct virtio_net_hdr {
    uint8_t flags, gso_type;
    uint16_t hdr_len, gso_size, csum_start, csum_offset, num_buffers;
};

struct packet {
    struct virtio_net_hdr header;
    struct frame frame;
} __attribute__((aligned(2048)));

static struct virtqueue receiveq, transmitq;
static struct packet receive_buffers[VIRTQUEUE_MAXIMUM_SIZE], transmit_buffers[VIRTQUEUE_MAXIMUM_SIZE];
static unsigned frame_size;
static uint64_t interrupts_before; /* when the batch was notified */

/* Descriptor n is buffer n. All of them are offered and become visible with the first publish_and_notify(). */
static void prepare_receiveq(void)
{
    for (unsigned i = 0; i < receiveq.size; i++) {
        receiveq.desc[i].addr = (uint64_t)&receive_buffers[i];
        receiveq.desc[i].len = sizeof receive_buffers[i].header + sizeof receive_buffers[i].frame;
        receiveq.desc[i].flags = VIRTQ_DESC_F_WRITE;
        offer_descriptor(&receiveq, i);
    }
}

/* Descriptor n is buffer n, and stays in slot n of the available ring: each batch is used up before the next begins. */
static void prepare_transmitq(void)
{
    for (unsigned i = 0; i < transmitq.size; i++) {
        transmitq.desc[i].addr = (uint64_t)&transmit_buffers[i];
        transmitq.desc[i].len = sizeof transmit_buffers[i].header + frame_size;
        transmitq.avail.ring[i] = i;
        prepare_frame(&transmit_buffers[i].frame, frame_size);
    }
}

/* With a receiver, only that interrupts: a frame that is back has been sent. */
unsigned start_virtio_net(unsigned batch, unsigned size, bool receive, bool interrupts)
{
    frame_size = size;
    if (!find_virtio_mmio(NETWORK_CARD))
        fail("there is no virtio-net over MMIO");
    begin_virtio_setup();
    set_up_virtqueue(&transmitq, TRANSMITQ1, batch);
    set_up_virtqueue(&receiveq, RECEIVEQ1, receive ? transmitq.size : 1);
    prepare_transmitq();
    transmitq.avail.flags = interrupts && !receive ? 0 : VIRTQ_AVAIL_F_NO_INTERRUPT;
    receiveq.avail.flags = interrupts && receive ? 0 : VIRTQ_AVAIL_F_NO_INTERRUPT;
    if (interrupts)
        enable_virtio_interrupts();
    finish_virtio_setup();
    if (receive) {
        prepare_receiveq();
        publish_and_notify(&receiveq);
    }
    if (batch > transmitq.size)
        batch = transmitq.size;
    if (receive && batch > receiveq.size)
        batch = receiveq.size;
    return batch;
}

void transmit_by_virtio_net(uint64_t sequence, unsigned count)
{
    interrupts_before = virtio_interrupts;
    for (unsigned i = 0; i < count; i++)
        number_frame(&transmit_buffers[transmitq.offered++ % transmitq.size].frame, frame_size, sequence + i);
    publish_and_notify(&transmitq);
}

/*
 * Waits until the device has used `count` buffers: by looking at memory, or by an interrupt first and a look then. The
 * handler acknowledges before it counts, so what the device uses after a look interrupts anew.
 */
static void await_used(struct virtqueue *queue, unsigned count)
{
    const char *late = "virtio-net: queue %lu stands still";
    if (queue->avail.flags & VIRTQ_AVAIL_F_NO_INTERRUPT) {
        WAIT_UNTIL(used_count(queue) >= count, PATIENCE, late, (uint64_t)queue->number);
        return;
    }
    do {
        WAIT_UNTIL(virtio_interrupts != interrupts_before, PATIENCE, late, (uint64_t)queue->number);
        interrupts_before = virtio_interrupts;
    } while (used_count(queue) < count);
}

void await_virtio_net_transmitter(void)
{
    uint16_t sent = transmitq.offered - transmitq.taken;
    await_used(&transmitq, sent);
    if (used_count(&transmitq) != sent)
        fail("virtio-net: %lu buffers used, but %lu offered", (uint64_t)used_count(&transmitq), (uint64_t)sent);
    transmitq.taken = transmitq.offered;
}

static void receive_packet(uint64_t sequence)
{
    struct virtq_used_elem used = take_used(&receiveq);
    if (used.id >= receiveq.size)
        fail("virtio-net: descriptor %lu of a queue of %lu", (uint64_t)used.id, (uint64_t)receiveq.size);
    struct packet *packet = &receive_buffers[used.id];
    if (packet->header.num_buffers != 1)
        fail("virtio-net: num_buffers is %lu", (uint64_t)packet->header.num_buffers);
    check_returned_frame(&packet->frame, used.len - sizeof packet->header, frame_size, sequence);
    offer_descriptor(&receiveq, used.id);
}

void receive_by_virtio_net(uint64_t sequence, unsigned count)
{
    await_used(&receiveq, count);
    for (unsigned i = 0; i < count; i++)
        receive_packet(sequence + i);
    publish_and_notify(&receiveq);
}

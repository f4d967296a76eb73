/*
 * virtio-net.
 *
 *                     register accesses
 *     transmission    1 a batch: the doorbell; none if the device does not want it
 *     reception       1 a batch, likewise
 *     interrupt       over MMIO 2 (InterruptStatus read, InterruptACK written by the handler); over PCI by line 1 (ISR
 *                     status read), by message none
 */
#include "virtio_net_queues.h"

#include "keys.h"
#include "wait.h"

void set_interrupts(struct virtqueue *queue, bool interrupts)
{
    queue->avail.flags = interrupts ? 0 : VIRTQ_AVAIL_F_NO_INTERRUPT;
}

static bool interrupts(const struct virtqueue *queue)
{
    return !(queue->avail.flags & VIRTQ_AVAIL_F_NO_INTERRUPT);
}

/* Without interrupts the event is put out of reach: the queue's indices are never that far apart. */
void interrupt_behind(struct virtqueue *queue, uint16_t event)
{
    enum { OUT_OF_REACH = 1 << 14 };
    set_used_event(queue, interrupts(queue) ? event : queue->offered + OUT_OF_REACH);
}

void await_used(struct virtqueue *queue, unsigned count, uint64_t interrupted, bool look_first)
{
    const char *late = "virtio-net: queue %lu stands still";
    if (!interrupts(queue)) {
        WAIT_UNTIL(used_count(queue) >= count, PATIENCE, late, (uint64_t)queue->number);
        return;
    }
    bool look = look_first || queue->event_idx;
    for (;; look = true) {
        uint64_t before = look ? virtio_interrupts : interrupted;
        interrupt_behind(queue, queue->taken + count - 1);
        __atomic_thread_fence(__ATOMIC_SEQ_CST); /* the event is written before the index is read */
        if (look && used_count(queue) >= count)
            return;
        WAIT_UNTIL(virtio_interrupts != before, PATIENCE, late, (uint64_t)queue->number);
    }
}

static uint64_t features(const struct virtio_net_options *options)
{
    const uint64_t transmit = 1ul << VIRTIO_NET_F_CSUM | 1ul << VIRTIO_NET_F_HOST_TSO4;
    const uint64_t receive = 1ul << VIRTIO_NET_F_GUEST_CSUM | 1ul << VIRTIO_NET_F_GUEST_TSO4;
    return (options->event_idx ? 1ul << VIRTIO_F_EVENT_IDX : 0) |
           (options->indirect ? 1ul << VIRTIO_F_INDIRECT_DESC : 0) |
           (options->mergeable ? 1ul << VIRTIO_NET_F_MRG_RXBUF : 0) |
           (options->segments && !options->has_source ? transmit : 0) |
           (options->segments && options->taker ? receive : 0);
}

unsigned start_virtio_net(const struct virtio_net_options *options)
{
    unsigned batch = options->batch;
    begin_virtio_setup(features(options), options->interrupts);
    set_up_transmitq(options, &batch);
    set_up_receiveq(options, &batch);
    finish_virtio_setup();
    return batch;
}

static void find_device(void)
{
    enum { AUTO, PCI, MMIO };
    unsigned transport = choice_key("transport");
    if (transport != MMIO && find_virtio_pci(NETWORK_CARD))
        return;
    if (transport != PCI && find_virtio_mmio(NETWORK_CARD))
        return;
    fail("there is no virtio-net%s", transport == PCI ? " on PCI" : transport == MMIO ? " over MMIO" : "");
}

/* Messages where the device has them: on PCI. */
static enum virtio_interrupts interrupt_keys(void)
{
    enum { AUTO, INTX, MSIX };
    unsigned vector = choice_key("vector");
    if (choice_key("irq") == 0)
        return NO_INTERRUPTS;
    if (vector == AUTO)
        return virtio.assign_message ? BY_MESSAGE : BY_LINE;
    return vector == INTX ? BY_LINE : BY_MESSAGE;
}

struct virtio_net_options virtio_net_keys(void)
{
    find_device();
    return (struct virtio_net_options){
        .batch = number_key("batch"),
        .interrupts = interrupt_keys(),
        .event_idx = choice_key("event_idx") == 1,
        .indirect = choice_key("indirect") == 1,
        .mergeable = choice_key("mergeable") == 1,
    };
}

/* What transmission and reception by virtio-net share. */
#ifndef VIRTIO_NET_QUEUES_H
#define VIRTIO_NET_QUEUES_H

#include "virtio_net.h"

/* Section 5.1.6: with VERSION_1 num_buffers is always there. All zero says: nothing to do for the other side. */
struct virtio_net_hdr {
    uint8_t flags, gso_type;
    uint16_t hdr_len, gso_size, csum_start, csum_offset, num_buffers;
};
enum { NEEDS_CSUM = 1, GSO_NONE = 0, GSO_TCPV4 = 1 };
enum { NET_HEADER = sizeof(struct virtio_net_hdr) };

/* Buffers lie one behind the other in a space of their own; a large frame with its headers takes up most of 64 KiB. */
enum { SMALL_BUFFER = 2048, LARGE_BUFFER = 1 << 16 };

/*
 * Waits until the device has used `count` buffers: by looking at memory, or where the queue interrupts by that.
 * `interrupted` is the number of interrupts when there was nothing to wait for yet. Without EVENT_IDX the first look
 * follows an interrupt, unless `look_first`. The handler counts before it returns, so what the device uses after a
 * look interrupts anew.
 */
void await_used(struct virtqueue *queue, unsigned count, uint64_t interrupted, bool look_first);

/* Whether and when the queue interrupts: when the device has used the buffer `event`, in the terms of used.idx. */
void set_interrupts(struct virtqueue *queue, bool interrupts);
void interrupt_behind(struct virtqueue *queue, uint16_t event);

/* Section 5.1.5. `entries`: how many buffers a batch needs. */
void set_up_transmitq(const struct virtio_net_options *options, unsigned *batch);
void set_up_receiveq(const struct virtio_net_options *options, unsigned *batch);

#endif

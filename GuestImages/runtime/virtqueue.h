/* The split virtqueue: Virtual I/O Device (VIRTIO) Version 1.2, section 2.7, whose names these are. */
#ifndef VIRTQUEUE_H
#define VIRTQUEUE_H

#include <stdbool.h>
#include <stdint.h>

enum { VIRTQUEUE_MAXIMUM_SIZE = 1024 };

enum { VIRTQ_DESC_F_NEXT = 1, VIRTQ_DESC_F_WRITE = 2, VIRTQ_DESC_F_INDIRECT = 4 };
enum { VIRTQ_AVAIL_F_NO_INTERRUPT = 1 };
enum { VIRTQ_USED_F_NO_NOTIFY = 1 };

struct virtq_desc {
    uint64_t addr;
    uint32_t len;
    uint16_t flags, next;
};

/* Behind the last entry in use, ring[size], stands used_event. */
struct virtq_avail {
    uint16_t flags, idx;
    uint16_t ring[VIRTQUEUE_MAXIMUM_SIZE + 1];
};

/* Behind the last entry in use stands avail_event. */
struct virtq_used {
    uint16_t flags, idx;
    struct virtq_used_elem {
        uint32_t id, len;
    } ring[VIRTQUEUE_MAXIMUM_SIZE + 1];
};

/* A queue as its driver sees it. The three rings are shared with the device. */
struct virtqueue {
    struct virtq_desc desc[VIRTQUEUE_MAXIMUM_SIZE] __attribute__((aligned(16)));
    struct virtq_avail avail __attribute__((aligned(2)));
    struct virtq_used used __attribute__((aligned(4)));
    uint64_t doorbell; /* the register that notifies the device of this queue */
    uint16_t number, size;
    uint16_t offered; /* avail.idx as it will be published */
    uint16_t taken;   /* how far used.ring was read */
    bool event_idx;   /* VIRTIO_F_EVENT_IDX is negotiated */
};

/* Puts a descriptor into the next slot of the available ring. The device sees it when it is published. */
static inline void offer_descriptor(struct virtqueue *queue, uint16_t descriptor)
{
    queue->avail.ring[queue->offered++ % queue->size] = descriptor;
}

/* Section 2.7.7.2 and 2.7.10: whether an index that went from `old` to `new` has passed the event. */
static inline bool passes_event(uint16_t event, uint16_t new, uint16_t old)
{
    return (uint16_t)(new - event - 1) < (uint16_t)(new - old);
}

/*
 * Publishes what was offered (section 2.7.13), and says whether the device wants to be notified of it. The ring's
 * entries are visible before the index that covers them. The barrier keeps the look at the device's wish behind the
 * index: else both sides could miss the other's word (section 2.7.13.4.1).
 */
static inline bool publish_descriptors(struct virtqueue *queue)
{
    uint16_t old = queue->avail.idx;
    __atomic_store_n(&queue->avail.idx, queue->offered, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (!queue->event_idx)
        return !(__atomic_load_n(&queue->used.flags, __ATOMIC_RELAXED) & VIRTQ_USED_F_NO_NOTIFY);
    const volatile uint16_t *avail_event = (const volatile uint16_t *)&queue->used.ring[queue->size];
    return passes_event(*avail_event, queue->offered, old);
}

/* With EVENT_IDX: the device shall interrupt when used.idx passes `event`. Without, flags say it once for all. */
static inline void set_used_event(struct virtqueue *queue, uint16_t event)
{
    if (queue->event_idx)
        *(volatile uint16_t *)&queue->avail.ring[queue->size] = event;
}

/* How many buffers the device has used and the driver not yet taken. */
static inline uint16_t used_count(struct virtqueue *queue)
{
    return __atomic_load_n(&queue->used.idx, __ATOMIC_ACQUIRE) - queue->taken;
}

/* The oldest of them. */
static inline struct virtq_used_elem take_used(struct virtqueue *queue)
{
    return queue->used.ring[queue->taken++ % queue->size];
}

#endif

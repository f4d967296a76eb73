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

struct virtq_avail {
    uint16_t flags, idx;
    uint16_t ring[VIRTQUEUE_MAXIMUM_SIZE];
};

struct virtq_used {
    uint16_t flags, idx;
    struct virtq_used_elem {
        uint32_t id, len;
    } ring[VIRTQUEUE_MAXIMUM_SIZE];
};

/* A queue as its driver sees it. The three rings are shared with the device. */
struct virtqueue {
    struct virtq_desc desc[VIRTQUEUE_MAXIMUM_SIZE] __attribute__((aligned(16)));
    struct virtq_avail avail __attribute__((aligned(2)));
    struct virtq_used used __attribute__((aligned(4)));
    uint16_t number, size;
    uint16_t offered; /* avail.idx as it will be published */
    uint16_t taken;   /* how far used.ring was read */
};

/* Puts a descriptor into the next slot of the available ring. The device sees it when it is published. */
static inline void offer_descriptor(struct virtqueue *queue, uint16_t descriptor)
{
    queue->avail.ring[queue->offered++ % queue->size] = descriptor;
}

/* Publishes what was offered (section 2.7.13). The ring's entries are visible before the index that covers them. */
static inline void publish_descriptors(struct virtqueue *queue)
{
    __atomic_store_n(&queue->avail.idx, queue->offered, __ATOMIC_RELEASE);
}

/*
 * Whether the device wants to be notified of what was published. The barrier keeps this read behind the index: else
 * both sides could miss the other's word (section 2.7.13.4.1).
 */
static inline bool wants_notification(struct virtqueue *queue)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return !(__atomic_load_n(&queue->used.flags, __ATOMIC_RELAXED) & VIRTQ_USED_F_NO_NOTIFY);
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

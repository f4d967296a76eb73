/* A driver of the virtio network device, as small as one can be: VIRTIO 1.2, section 5.1. */
#ifndef VIRTIO_NET_H
#define VIRTIO_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"
#include "virtio.h"

enum { NETWORK_CARD = 1 };              /* device ID: section 5.1.1 */
enum { RECEIVEQ1 = 0, TRANSMITQ1 = 1 }; /* section 5.1.2 */

/* Section 5.1.3 */
enum {
    VIRTIO_NET_F_CSUM = 0,
    VIRTIO_NET_F_GUEST_CSUM = 1,
    VIRTIO_NET_F_GUEST_TSO4 = 7,
    VIRTIO_NET_F_HOST_TSO4 = 11,
    VIRTIO_NET_F_MRG_RXBUF = 15,
};

/* How an image drives the device. */
struct virtio_net_options {
    unsigned batch, size;
    enum virtio_interrupts interrupts;
    bool event_idx, indirect, mergeable;
    bool segments;      /* large frames: the device cuts those of the guest, and does not cut those for it */
    frame_taker *taker; /* of received frames; a null pointer: nothing is received */
    bool has_source;    /* frames come of their own, and none are sent */
};

/* The image's keys. Finds the device, over the transport that they name, or ends the run with a line. */
struct virtio_net_options virtio_net_keys(void);

/*
 * Brings the device up with queues for batches of the options' size, and returns the batch: no larger than the queues
 * and the buffers allow. The device has no receive buffers until give_virtio_net_buffers().
 */
unsigned start_virtio_net(const struct virtio_net_options *options);

/* Transmits `count` frames, at most a batch, with numbers from `sequence` on: one notification. */
void transmit_by_virtio_net(uint64_t sequence, unsigned count);

/* Waits until the device has used the buffers of all of them. */
void await_virtio_net_transmitter(void);

/* Gives the device all buffers that were taken: one notification, or none. */
void give_virtio_net_buffers(void);

/* Waits for `count` frames, and lets the taker have each with its number from `number` on. */
void receive_by_virtio_net(uint64_t number, unsigned count);

#endif

/* A driver of the virtio network device, as small as one can be: VIRTIO 1.2, section 5.1. */
#ifndef VIRTIO_NET_H
#define VIRTIO_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"

enum { NETWORK_CARD = 1 };              /* device ID: section 5.1.1 */
enum { RECEIVEQ1 = 0, TRANSMITQ1 = 1 }; /* section 5.1.2 */

/*
 * Brings the device up with queues for batches of this size, and returns the batch: no larger than the transmit queue.
 * Ends the run with a line if there is no device.
 */
unsigned start_virtio_net(unsigned batch, unsigned size, bool receive, bool interrupts);

/* Transmits `count` frames, at most a batch, with numbers from `sequence` on: one notification. */
void transmit_by_virtio_net(uint64_t sequence, unsigned count);

/* Waits until the device has used the buffers of all of them. */
void await_virtio_net_transmitter(void);

/* Waits for `count` frames, checks each as the reflection of the frame with its number, and gives the buffers back. */
void receive_by_virtio_net(uint64_t sequence, unsigned count);

#endif

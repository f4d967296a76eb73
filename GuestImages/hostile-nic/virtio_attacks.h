/* The two halves of the attacks on virtio-net, and what they share. */
#ifndef VIRTIO_ATTACKS_H
#define VIRTIO_ATTACKS_H

#include "attack.h"
#include "virtio_mmio.h"
#include "virtio_net.h"

enum { ATTACKED_SIZE = 8 };

extern const struct attack virtio_ring_attacks[], virtio_transport_attacks[];
extern const unsigned virtio_ring_attack_count, virtio_transport_attack_count;

#endif

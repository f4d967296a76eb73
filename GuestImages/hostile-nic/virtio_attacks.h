/* The kinds of attacks on virtio-net, and what they share. */
#ifndef VIRTIO_ATTACKS_H
#define VIRTIO_ATTACKS_H

#include "attack.h"
#include "virtio_net.h"

enum { ATTACKED_SIZE = 8 };

extern const struct attack virtio_ring_attacks[], virtio_indirect_attacks[], virtio_transport_attacks[],
    virtio_mmio_attacks[], virtio_pci_attacks[];
extern const unsigned virtio_ring_attack_count, virtio_indirect_attack_count, virtio_transport_attack_count,
    virtio_mmio_attack_count, virtio_pci_attack_count;

/* A device that is set up as far as FEATURES_OK, with these features and without interrupts. */
static inline void begin_attack(uint64_t features)
{
    begin_virtio_setup(features, NO_INTERRUPTS);
}

#endif

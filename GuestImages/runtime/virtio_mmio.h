/* What virtio over MMIO has beside the registers of virtio.h: VIRTIO 1.2, section 4.2.2. */
#ifndef VIRTIO_MMIO_H
#define VIRTIO_MMIO_H

#include "virtio.h"

enum {
    MMIO_MAGIC_VALUE = 0x000,
    MMIO_VERSION = 0x004,
    MMIO_DEVICE_ID = 0x008,
    MMIO_QUEUE_NOTIFY = 0x050,
    MMIO_INTERRUPT_STATUS = 0x060,
    MMIO_INTERRUPT_ACK = 0x064,
    MMIO_CONFIG = 0x100,
};

#endif

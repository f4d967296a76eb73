/* What virtio over PCI has beside the registers of virtio.h: VIRTIO 1.2, section 4.1.4. */
#ifndef VIRTIO_PCI_H
#define VIRTIO_PCI_H

#include "virtio.h"

/* Behind find_virtio_pci(): the device's number on bus 0, and where its structures are. */
extern struct virtio_pci {
    int device;
    uint64_t common, notify, isr;
    uint32_t notify_multiplier;
    unsigned msix; /* offset of the MSI-X capability, 0 if there is none */
} virtio_pci;

/* The common configuration: section 4.1.4.3. */
enum {
    COMMON_CONFIG_MSIX_VECTOR = 0x10,
    COMMON_NUM_QUEUES = 0x12,
    COMMON_QUEUE_MSIX_VECTOR = 0x1a,
    COMMON_QUEUE_NOTIFY_OFF = 0x1e,
};
enum { VIRTIO_MSI_NO_VECTOR = 0xffff };

/* MSI-X: PCI Local Bus Specification 3.0, section 6.8.2. */
enum { MSIX_CONTROL_ENABLE = 1 << 15, MSIX_CONTROL_MASK = 1 << 14, MSIX_TABLE_SIZE = 0x7ff, MSIX_ENTRY_SIZE = 16 };
enum { MSIX_ENTRY_ADDRESS = 0, MSIX_ENTRY_DATA = 8, MSIX_ENTRY_CONTROL = 12, MSIX_ENTRY_MASKED = 1 };

/* The table's address and the number of its entries. */
uint64_t msix_table(unsigned *entries);

/* Bits of the capability's message control word. */
void set_msix_control(uint16_t value);

#endif

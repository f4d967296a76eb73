/* PCI configuration space through mechanism #1. */
#ifndef PCI_H
#define PCI_H

#include <stdint.h>

/* PCI Local Bus Specification 3.0, section 6.1 */
enum {
    PCI_IDENTITY = 0x00, /* vendor in the low half, device in the high one */
    PCI_COMMAND = 0x04,
    PCI_BAR0 = 0x10,
    PCI_INTERRUPT_LINE = 0x3c,
};

/* The number of the first device on bus 0 with this identity, or -1. */
int find_pci_device(uint32_t identity);

uint32_t read_pci(int device, unsigned offset);
void write_pci(int device, unsigned offset, uint32_t value);

/* Lets the device answer at its memory BARs and use memory itself. */
void enable_pci_device(int device);

#endif

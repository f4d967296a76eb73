/* PCI configuration space through mechanism #1. */
#ifndef PCI_H
#define PCI_H

#include <stdbool.h>
#include <stdint.h>

/* PCI Local Bus Specification 3.0, section 6.1 */
enum {
    PCI_IDENTITY = 0x00, /* vendor in the low half, device in the high one */
    PCI_COMMAND = 0x04,  /* status in the high half */
    PCI_BAR0 = 0x10,
    PCI_CAPABILITIES = 0x34,
    PCI_INTERRUPT_LINE = 0x3c, /* pin in the second byte */
};

/* Appendix H, and the capability IDs in use */
enum { PCI_CAPABILITY_MSI = 0x05, PCI_CAPABILITY_VENDOR = 0x09, PCI_CAPABILITY_MSIX = 0x11 };

/* Section 6.8.1: the capability that has 64 bits of address. */
enum { MSI_CONTROL = 0x00, MSI_ADDRESS = 0x04, MSI_DATA = 0x0c };
enum { MSI_ENABLE = 1 << 16, MSI_64_BIT = 1 << 23 }; /* in the double word at MSI_CONTROL */

/* The number of the first device on bus 0 with this identity, or -1. */
int find_pci_device(uint32_t identity);

uint32_t read_pci(int device, unsigned offset);
void write_pci(int device, unsigned offset, uint32_t value);

/* Where BAR n is; one that firmware left without an address gets one. Before enable_pci_device(). */
uint64_t pci_bar(int device, unsigned n);

/* Lets the device answer at its BARs, memory and ports, and use memory itself. */
void enable_pci_device(int device);

/* The offset of the first capability with this ID behind the one at `previous` (0: of all), or 0. */
unsigned find_pci_capability(int device, uint8_t id, unsigned previous);

/* The IRQ of the device's INTx pin: as the chipset routes it, where that is a PIIX3, else as firmware wrote it down. */
unsigned pci_interrupt_line(int device);

/* Whether this is QEMU's machine `pc`: it has a PIIX3. */
bool is_qemu_pc(void);

#endif

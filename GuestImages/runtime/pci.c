/* PCI configuration space: PCI Local Bus Specification 3.0, section 3.2.2.3.2. Function 0 of the devices on bus 0. */
#include "pci.h"

#include "port.h"

static void select_register(int device, unsigned offset)
{
    enum { ENABLE = 1u << 31, DEVICE_SHIFT = 11 };
    out32(PCI_CONFIG_ADDRESS, ENABLE | (uint32_t)device << DEVICE_SHIFT | offset);
}

uint32_t read_pci(int device, unsigned offset)
{
    select_register(device, offset);
    return in32(PCI_CONFIG_DATA);
}

void write_pci(int device, unsigned offset, uint32_t value)
{
    select_register(device, offset);
    out32(PCI_CONFIG_DATA, value);
}

int find_pci_device(uint32_t identity)
{
    for (int device = 0; device < 32; device++)
        if (read_pci(device, PCI_IDENTITY) == identity)
            return device;
    return -1;
}

void enable_pci_device(int device)
{
    enum { MEMORY_SPACE = 1 << 1, BUS_MASTER = 1 << 2 };
    write_pci(device, PCI_COMMAND, MEMORY_SPACE | BUS_MASTER);
}

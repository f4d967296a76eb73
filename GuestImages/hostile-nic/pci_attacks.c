/* Attacks on a device by its BARs: PCI Local Bus Specification 3.0, sections 6.2.2 and 6.2.5.1. */
#include "attack.h"
#include "pci.h"

enum { BARS = 6, IO_SPACE = 1 << 0, MEMORY_SPACE = 1 << 1, BUS_MASTER = 1 << 2 };

void move_bars(int device)
{
    const uint32_t places[] = {
        0, 0x100000, memory_end() & 0xfffff000, NOWHERE, 0xfec00000, 0xfee00000, 0xd0000000, 0xfebc0000, 0xfffff000,
        0xffffffff,
    };
    uint32_t bars[BARS];
    uint32_t command = read_pci(device, PCI_COMMAND);
    for (unsigned n = 0; n < BARS; n++)
        bars[n] = read_pci(device, PCI_BAR0 + 4 * n);
    for (unsigned p = 0; p < sizeof places / sizeof *places; p++)
        for (unsigned n = 0; n < BARS; n++) {
            write_pci(device, PCI_BAR0 + 4 * n, places[p]);
            read_pci(device, PCI_BAR0 + 4 * n);
            write_pci(device, PCI_COMMAND, p % 2 ? BUS_MASTER : IO_SPACE | MEMORY_SPACE | BUS_MASTER);
        }
    write_pci(device, PCI_COMMAND, BUS_MASTER);
    for (unsigned n = 0; n < BARS; n++)
        write_pci(device, PCI_BAR0 + 4 * n, bars[n]);
    write_pci(device, PCI_COMMAND, command & 0xffff);
}

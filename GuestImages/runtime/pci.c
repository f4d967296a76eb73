/*
 * PCI configuration space: PCI Local Bus Specification 3.0, sections 3.2.2.3.2 and 6. Function 0 of the devices on
 * bus 0.
 *
 * swiftvmm leaves the devices as firmware does, with addresses and interrupts. QEMU with its small firmware, qboot,
 * does not: what is missing then is filled in here.
 */
#include "pci.h"

#include "port.h"
#include "print.h"

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

/* Section 6.2.5.1 */
enum { BAR_IS_PORTS = 1 << 0, BAR_IS_64_BIT = 2 << 1 };

static uint32_t bar_attributes(uint32_t bar)
{
    return bar & BAR_IS_PORTS ? 3 : 0xf;
}

/* An address that nobody has, aligned to the size: memory from the end of the hole down, ports up. */
static uint32_t free_address(uint32_t size, bool ports)
{
    static uint32_t memory_above = PCI_MEMORY_END, ports_below = PCI_PORTS_START;
    if (!ports)
        return memory_above = (memory_above - size) & ~(size - 1);
    uint32_t address = (ports_below + size - 1) & ~(size - 1);
    ports_below = address + size;
    return address;
}

static void place_bar(int device, unsigned offset)
{
    write_pci(device, offset, 0xffffffff);
    uint32_t mask = read_pci(device, offset), attributes = bar_attributes(mask);
    uint32_t size = -(mask & ~attributes);
    if (size == 0)
        fail("PCI device %lu has nothing at BAR%lu", (uint64_t)device, (uint64_t)(offset - PCI_BAR0) / 4);
    write_pci(device, offset, free_address(size, mask & BAR_IS_PORTS));
    if ((mask & 7) == BAR_IS_64_BIT)
        write_pci(device, offset + 4, 0);
}

uint64_t pci_bar(int device, unsigned n)
{
    unsigned offset = PCI_BAR0 + 4 * n;
    uint32_t bar = read_pci(device, offset);
    bool is_long = !(bar & BAR_IS_PORTS) && (bar & BAR_IS_64_BIT);
    uint64_t high = is_long ? read_pci(device, offset + 4) : 0;
    if (!(bar & ~bar_attributes(bar)) && !high) {
        place_bar(device, offset);
        bar = read_pci(device, offset);
    }
    return high << 32 | (bar & ~bar_attributes(bar));
}

void enable_pci_device(int device)
{
    enum { IO_SPACE = 1 << 0, MEMORY_SPACE = 1 << 1, BUS_MASTER = 1 << 2 };
    write_pci(device, PCI_COMMAND, IO_SPACE | MEMORY_SPACE | BUS_MASTER);
}

/* Section 6.7. The bound is for a list that has a loop: 48 capabilities fill the configuration space. */
unsigned find_pci_capability(int device, uint8_t id, unsigned previous)
{
    enum { HAS_CAPABILITIES = 1 << 20, MOST = 48 };
    if (!(read_pci(device, PCI_COMMAND) & HAS_CAPABILITIES))
        return 0;
    unsigned at = previous ? read_pci(device, previous) >> 8 : read_pci(device, PCI_CAPABILITIES);
    for (int i = 0; i < MOST && (at &= 0xfc); i++) {
        uint32_t header = read_pci(device, at);
        if ((header & 0xff) == id)
            return at;
        at = header >> 8;
    }
    return 0;
}

/*
 * Intel 82371SB (PIIX3) data sheet, section 2.2.13: PIRQRC[A:D] route the four lines to IRQs; bit 7 means not at all.
 * On QEMU's `pc` pin INTA# of device n is line (n - 1) mod 4. The interrupt line registers that qboot writes are
 * those of the neighbour's line, so the PIIX is asked where there is one.
 */
static unsigned route_by_piix(int piix, int device)
{
    enum { PIRQRC = 0x60, DISABLED = 0x80, FREE_IRQ = 11 };
    unsigned shift = (device - 1) % 4 * 8;
    uint32_t routes = read_pci(piix, PIRQRC);
    unsigned route = routes >> shift & 0xff;
    if (route != 0 && !(route & DISABLED))
        return route;
    write_pci(piix, PIRQRC, (routes & ~(0xffu << shift)) | FREE_IRQ << shift);
    return FREE_IRQ;
}

enum { PIIX3 = 1 };

bool is_qemu_pc(void)
{
    enum { PIIX3_IDENTITY = 0x70008086 };
    return read_pci(PIIX3, PCI_IDENTITY) == PIIX3_IDENTITY;
}

unsigned pci_interrupt_line(int device)
{
    enum { NONE = 0, UNKNOWN = 0xff };
    if (is_qemu_pc())
        return route_by_piix(PIIX3, device);
    unsigned line = read_pci(device, PCI_INTERRUPT_LINE) & 0xff;
    if (line == NONE || line == UNKNOWN)
        fail("PCI device %lu has no interrupt line", (uint64_t)device);
    return line;
}

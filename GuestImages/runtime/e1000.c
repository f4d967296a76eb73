/* The 82540EM: found, reset, and its interrupt. */
#include "e1000.h"

#include "interrupts.h"
#include "pci.h"
#include "print.h"

uint64_t e1000_registers;
uint16_t e1000_ports;
volatile uint64_t e1000_interrupts;
static int device;
static unsigned irq;

bool find_e1000(void)
{
    device = find_pci_device(E1000_IDENTITY);
    if (device < 0)
        return false;
    e1000_registers = pci_bar(device, 0);
    enable_pci_device(device);
    return true;
}

void reach_e1000_by_ports(void)
{
    e1000_ports = pci_bar(device, 1);
}

void reset_e1000(void)
{
    const uint32_t all = 0xffffffff;
    write_e1000(IMC, all);
    write_e1000(CTRL, CTRL_RST);
    WAIT_UNTIL(!(read_e1000(CTRL) & CTRL_RST), REGISTER_PATIENCE, "the E1000 does not come out of its reset");
    write_e1000(IMC, all);
    read_e1000(ICR);
    write_e1000(CTRL, CTRL_SLU);
    write_e1000(TIPG, TIPG_COPPER);
}

void start_e1000(const char *image, const struct e1000_options *options)
{
    if (!find_e1000())
        fail("%s: there is no E1000", image);
    if (options->by_ports)
        reach_e1000_by_ports();
    reset_e1000();
    const struct { unsigned offset, value; } moderation[] = {
        {ITR, options->itr}, {TIDV, options->tidv}, {TADV, options->tadv}, {RDTR, options->rdtr}, {RADV, options->radv},
    };
    for (unsigned i = 0; i < sizeof moderation / sizeof *moderation; i++)
        if (moderation[i].value) /* they are 0 after the reset */
            write_e1000(moderation[i].offset, moderation[i].value);
}

static void acknowledge_through_ports(void)
{
    uint32_t selected = in32(e1000_ports + IOADDR);
    read_e1000(ICR);
    out32(e1000_ports + IOADDR, selected);
}

INTERRUPT_HANDLER(e1000_interrupt)
{
    if (e1000_ports)
        acknowledge_through_ports();
    else
        read32(e1000_registers + ICR);
    e1000_interrupts++;
    end_of_interrupt(irq);
}

/* PCI Local Bus Specification 3.0, section 6.8.1.1 and following. */
static void set_message(void)
{
    unsigned msi = find_pci_capability(device, PCI_CAPABILITY_MSI, 0);
    if (!msi || !(read_pci(device, msi + MSI_CONTROL) & MSI_64_BIT))
        fail("this E1000 has no MSI");
    connect_message(VECTOR_MESSAGE, e1000_interrupt);
    write_pci(device, msi + MSI_ADDRESS, MESSAGE_ADDRESS);
    write_pci(device, msi + MSI_ADDRESS + 4, 0);
    write_pci(device, msi + MSI_DATA, VECTOR_MESSAGE);
    write_pci(device, msi + MSI_CONTROL, MSI_ENABLE);
}

void enable_e1000_interrupts(const struct e1000_options *options, uint32_t causes)
{
    if (options->by_message) {
        set_message();
    } else {
        irq = pci_interrupt_line(device);
        connect_interrupt(irq, e1000_interrupt);
    }
    write_e1000(IMS, causes);
    allow_interrupts();
}

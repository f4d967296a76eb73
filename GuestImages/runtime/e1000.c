/* The 82540EM: found, reset, and its interrupt. */
#include "e1000.h"

#include "interrupts.h"
#include "pci.h"
#include "wait.h"

uint64_t e1000_registers;
volatile uint64_t e1000_interrupts;
static unsigned irq;

bool find_e1000(void)
{
    enum { IDENTITY = 0x100e8086, BAR_ATTRIBUTES = 0xf, LINE = 0xff };
    int device = find_pci_device(IDENTITY);
    if (device < 0)
        return false;
    enable_pci_device(device);
    e1000_registers = read_pci(device, PCI_BAR0) & ~(uint32_t)BAR_ATTRIBUTES;
    if (!e1000_registers) { /* QEMU's small firmware, qboot, leaves that to the kernel */
        e1000_registers = E1000_ADDRESS;
        write_pci(device, PCI_BAR0, E1000_ADDRESS);
    }
    irq = read_pci(device, PCI_INTERRUPT_LINE) & LINE;
    return true;
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

INTERRUPT_HANDLER(e1000_interrupt)
{
    read_e1000(ICR);
    e1000_interrupts++;
    end_of_interrupt(irq);
}

void enable_e1000_interrupts(uint32_t causes)
{
    connect_interrupt(irq, e1000_interrupt);
    write_e1000(IMS, causes);
    allow_interrupts();
}

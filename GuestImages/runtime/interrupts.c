/* Interrupts: IOAPIC and local APIC where the machine has them, else the 8259 pair. */
#include "interrupts.h"

#include "print.h"

struct gate_descriptor { /* SDM volume 3, "64-Bit Mode IDT" */
    uint16_t offset_0, selector;
    uint8_t stack_table, attributes;
    uint16_t offset_16;
    uint32_t offset_32, reserved;
};
extern struct gate_descriptor idt[VECTORS];

void set_vector(unsigned vector, interrupt_handler *handler)
{
    enum { PRESENT_INTERRUPT_GATE = 0x8e };
    uint64_t address = (uint64_t)handler;
    idt[vector] = (struct gate_descriptor){
        .offset_0 = address,
        .selector = CPL0_CODE,
        .attributes = PRESENT_INTERRUPT_GATE,
        .offset_16 = address >> 16,
        .offset_32 = address >> 32,
    };
}

/* SDM volume 3, "Spurious Interrupt": not to be acknowledged. */
INTERRUPT_HANDLER(ignore_spurious_interrupt)
{
}

/*
 * 82093AA data sheet, section 3.2.4. High half zero: APIC ID 0 in physical mode, the first processor. Low half: the
 * vector, and edge-triggered, though the line is a level: a PVM host ends an interrupt as it delivers it, and a level
 * that is still high then would interrupt a second time. No edge is lost, since each handler clears all causes at once.
 */
static void connect_ioapic_pin(unsigned pin, unsigned vector)
{
    enum { IOREGSEL = 0xfec00000, IOWIN = IOREGSEL + 0x10, IOREDTBL = 0x10 };
    write32(IOREGSEL, IOREDTBL + 2 * pin + 1);
    write32(IOWIN, 0);
    write32(IOREGSEL, IOREDTBL + 2 * pin);
    write32(IOWIN, vector);
}

/* 8259A data sheet, "Initialization Command Words": cascaded on IR 2, 8086 mode, and OCW1 masks all but this line. */
static void start_pic_with(unsigned irq)
{
    enum { ICW1_WITH_ICW4 = 0x11, CASCADE = 2, ICW4_8086 = 1 };
    unsigned unmasked = 1 << irq | 1 << CASCADE;
    out8(PIC_MASTER_COMMAND, ICW1_WITH_ICW4);
    out8(PIC_MASTER_DATA, VECTOR_IRQ0);
    out8(PIC_MASTER_DATA, 1 << CASCADE);
    out8(PIC_MASTER_DATA, ICW4_8086);
    out8(PIC_SLAVE_COMMAND, ICW1_WITH_ICW4);
    out8(PIC_SLAVE_DATA, VECTOR_IRQ0 + 8);
    out8(PIC_SLAVE_DATA, CASCADE);
    out8(PIC_SLAVE_DATA, ICW4_8086);
    out8(PIC_MASTER_DATA, ~unmasked);
    out8(PIC_SLAVE_DATA, ~unmasked >> 8);
}

/* Returns false where there is none. */
static bool start_lapic(void)
{
    set_vector(VECTOR_SPURIOUS, ignore_spurious_interrupt);
    return lapic_mode != NO_APIC || (bool)at_cpl0(enable_lapic, 0, 0);
}

void connect_interrupt(unsigned irq, interrupt_handler *handler)
{
    set_vector(VECTOR_IRQ0 + irq, handler);
    if (start_lapic())
        connect_ioapic_pin(irq, VECTOR_IRQ0 + irq);
    else
        start_pic_with(irq);
}

void connect_message(unsigned vector, interrupt_handler *handler)
{
    if (!start_lapic())
        fail("there is no local APIC for messages");
    set_vector(vector, handler);
}

void allow_interrupts(void)
{
    extern void set_interrupt_flag(void);
    at_cpl0(set_interrupt_flag, 0, 0);
}

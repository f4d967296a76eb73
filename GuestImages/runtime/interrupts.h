/* Interrupts: from a device's line to a handler in C. */
#ifndef INTERRUPTS_H
#define INTERRUPTS_H

#include "lapic.h"
#include "layout.h"

/*
 * A handler runs at CPL 0, which a PVM host emulates: a few instructions, then end_of_interrupt(irq). gcc saves the
 * registers it uses and returns with IRETQ (gcc manual, "x86 Function Attributes", interrupt).
 */
struct interrupt_frame;
typedef void interrupt_handler(struct interrupt_frame *);
#define INTERRUPT_HANDLER(name) \
    static __attribute__((interrupt)) void name(struct interrupt_frame *frame __attribute__((unused)))

/* Makes IRQ 0-15 arrive in the handler on the first processor; the interrupt flag must be set besides. */
void connect_interrupt(unsigned irq, interrupt_handler *handler);

/* Puts a handler behind an interrupt vector. */
void set_vector(unsigned vector, interrupt_handler *handler);

/*
 * Makes a vector that a device writes to MESSAGE_ADDRESS arrive in the handler on the first processor, or ends the run
 * where there is no local APIC. SDM volume 3, "Message Signalled Interrupts": APIC ID 0 in physical mode, fixed, an edge.
 */
enum { MESSAGE_ADDRESS = 0xfee00000 };
void connect_message(unsigned vector, interrupt_handler *handler);

/* Sets the interrupt flag of CPL 3 code, for good. */
void allow_interrupts(void);

/* What the interrupt controller waits for before it delivers the next interrupt of this priority. At CPL 0. */
static inline void end_of_interrupt(unsigned irq)
{
    enum { NON_SPECIFIC_EOI = 0x20 }; /* OCW2 of the 8259A data sheet */
    if (lapic_mode != NO_APIC) {
        write_lapic(LAPIC_EOI, 0);
        return;
    }
    if (irq >= 8)
        out8(PIC_SLAVE_COMMAND, NON_SPECIFIC_EOI);
    out8(PIC_MASTER_COMMAND, NON_SPECIFIC_EOI);
}

#endif

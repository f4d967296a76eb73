/* The local APIC, with the names and offsets of SDM volume 3, "Advanced Programmable Interrupt Controller (APIC)". */
#ifndef LAPIC_H
#define LAPIC_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu.h"
#include "port.h"

/* Offsets of xAPIC registers. The x2APIC's MSR of a register is 0x800 + offset / 16. */
enum {
    LAPIC_EOI = 0xb0,
    LAPIC_SPURIOUS_VECTOR = 0xf0,
    LAPIC_INTERRUPT_COMMAND = 0x300,
    LAPIC_LVT_TIMER = 0x320,
    LAPIC_LVT_LINT0 = 0x350,
    LAPIC_INITIAL_COUNT = 0x380,
    LAPIC_DIVIDE_CONFIGURATION = 0x3e0,
};

enum lapic_mode { NO_APIC, XAPIC, X2APIC };
extern enum lapic_mode lapic_mode;

/* Enables the local APIC of the processor it runs on; false if there is none. At CPL 0. */
bool enable_lapic(void);

/* At CPL 0: the x2APIC is reached by WRMSR. */
static inline void write_lapic(unsigned offset, uint32_t value)
{
    enum { XAPIC_ADDRESS = 0xfee00000, X2APIC_FIRST_MSR = 0x800 };
    if (lapic_mode == X2APIC)
        write_msr(X2APIC_FIRST_MSR + offset / 16, value);
    else
        write32(XAPIC_ADDRESS + offset, value);
}

#endif

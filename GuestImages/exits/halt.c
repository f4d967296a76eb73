/*
 * HLTs that an interrupt ends: the local APIC's timer, or without an APIC the UART's empty transmitter.
 *
 * The interrupt is armed with interrupts off and may become pending at once. STI lets it in only behind the instruction
 * that follows (SDM volume 2, "STI"), which is HLT: so it can neither come before the HLT and leave it asleep, nor
 * make it unnecessary.
 */
#include "halt.h"

static inline void halt_until_interrupt(void)
{
    asm volatile("sti\n\thlt\n\tcli" : : : "memory");
}

INTERRUPT_HANDLER(timer_expired)
{
    write_lapic(LAPIC_EOI, 0);
}

static void halt_with_timer(uint64_t count)
{
    enum { DIVIDE_BY_1 = 0xb, TICKS = 1000 }; /* 1 us: KVM's APIC bus runs at 1 GHz */
    enable_lapic();
    write_lapic(LAPIC_DIVIDE_CONFIGURATION, DIVIDE_BY_1);
    write_lapic(LAPIC_LVT_TIMER, VECTOR_TIMER); /* one-shot, not masked */
    for (; count; count--) {
        write_lapic(LAPIC_INITIAL_COUNT, TICKS);
        halt_until_interrupt();
    }
}

enum { TRANSMITTER_EMPTY = 1 << 1 }; /* ETBEI of the 16550A's interrupt enable register */

INTERRUPT_HANDLER(transmitter_is_empty)
{
    out8(UART_INTERRUPT_ENABLE, 0);
    end_of_interrupt(UART_IRQ);
}

/* The transmitter is always empty; each time the interrupt is enabled anew it says so. */
static void halt_with_uart(uint64_t count)
{
    for (; count; count--) {
        out8(UART_INTERRUPT_ENABLE, TRANSMITTER_EMPTY);
        halt_until_interrupt();
    }
}

void prepare_halts(void)
{
    if ((bool)at_cpl0(enable_lapic, 0, 0))
        set_vector(VECTOR_TIMER, timer_expired);
    else
        connect_interrupt(UART_IRQ, transmitter_is_empty);
}

void halt(uint64_t count)
{
    if (lapic_mode == NO_APIC)
        halt_with_uart(count);
    else
        halt_with_timer(count);
}

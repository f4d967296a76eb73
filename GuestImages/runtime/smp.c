/* Several processors: how many, and their start by INIT and start-up IPI. */
#include "smp.h"

#include "lapic.h"
#include "layout.h"
#include "print.h"

unsigned count_processors(void)
{
    enum { FW_CFG_NB_CPUS = 5 }; /* QEMU's docs/specs/fw_cfg.rst: the item is 16 bits, little endian */
    out16(FW_CFG_SELECTOR, FW_CFG_NB_CPUS);
    unsigned count = in8(FW_CFG_DATA);
    count |= in8(FW_CFG_DATA) << 8;
    if (count == 0 || count == 0xffff) /* what a port without a device reads */
        return 1;
    return count < MAXIMUM_CPUS ? count : MAXIMUM_CPUS;
}

static void (*work)(unsigned processor);
static unsigned participants, finished;

static void wait_for_ever(void)
{
    for (;;)
        asm volatile("pause");
}

/* Where trampoline.S and boot.S arrive. Its end is a wait at CPL 3, since a HLT would be an exit of its own. */
void run_application_processor(unsigned processor)
{
    if (processor < participants) {
        work(processor);
        __atomic_fetch_add(&finished, 1, __ATOMIC_RELEASE);
    }
    wait_for_ever();
}

static uint64_t current_cr3(void)
{
    return read_cr3();
}

static void copy_trampoline(void)
{
    extern uint8_t trampoline[], trampoline_cr3[], trampoline_end[];
    uint8_t *page = (uint8_t *)TRAMPOLINE;
    uint32_t cr3 = at_cpl0(current_cr3, 0, 0);
    __builtin_memcpy(page, trampoline, trampoline_end - trampoline);
    __builtin_memcpy(page + (trampoline_cr3 - trampoline), &cr3, sizeof cr3);
}

/*
 * SDM volume 3, "Interrupt Command Register (ICR)". The manual's pauses between the three are for boards of 1997; KVM
 * keeps INIT and the start-up vector until the processor takes them.
 */
static void send_init_and_startup(void)
{
    enum { ALL_EXCLUDING_SELF = 3 << 18, ASSERT = 1 << 14, INIT = 5 << 8, START_UP = 6 << 8 };
    write_lapic(LAPIC_INTERRUPT_COMMAND, ALL_EXCLUDING_SELF | ASSERT | INIT);
    write_lapic(LAPIC_INTERRUPT_COMMAND, ALL_EXCLUDING_SELF | ASSERT | START_UP | TRAMPOLINE >> 12);
    write_lapic(LAPIC_INTERRUPT_COMMAND, ALL_EXCLUDING_SELF | ASSERT | START_UP | TRAMPOLINE >> 12);
}

void run_on_processors(unsigned count, void (*function)(unsigned processor))
{
    work = function;
    participants = count;
    if (count > 1) {
        if (!(bool)at_cpl0(enable_lapic, 0, 0))
            fail("several processors, but no local APIC to start them with");
        copy_trampoline();
        at_cpl0(send_init_and_startup, 0, 0);
    }
    function(0);
    while (__atomic_load_n(&finished, __ATOMIC_ACQUIRE) != count - 1)
        asm volatile("pause");
}

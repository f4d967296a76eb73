/*
 * kvmclock: Linux's Documentation/virt/kvm/x86/msr.rst, MSR_KVM_SYSTEM_TIME_NEW. The VMM need do nothing for it.
 * Other ways to the frequency (CPUID leaves 0x15, 0x16 and 0x40000010) depend on what the VMM writes there.
 */
#include "clock.h"

#include "cpu.h"

static volatile struct {
    uint32_t version, pad;
    uint64_t tsc_timestamp, system_time;
    uint32_t tsc_to_system_mul;
    int8_t tsc_shift;
    uint8_t flags, padding[2];
} time_information __attribute__((aligned(32)));

/* At CPL 0. */
static bool enable_clock(void)
{
    enum { MSR_KVM_SYSTEM_TIME_NEW = 0x4b564d01, ENABLE = 1 };
    return try_wrmsr(MSR_KVM_SYSTEM_TIME_NEW, (uint64_t)&time_information | ENABLE);
}

/* KVM writes the structure before it enters the guest again. */
bool find_clock(void)
{
    return (bool)at_cpl0(enable_clock, 0, 0) && time_information.tsc_to_system_mul != 0;
}

uint64_t nanoseconds(uint64_t ticks)
{
    int shift = time_information.tsc_shift;
    ticks = shift < 0 ? ticks >> -shift : ticks << shift;
    return (unsigned __int128)ticks * time_information.tsc_to_system_mul >> 32;
}

/* The local APIC: which kind there is, and its start. */
#include "lapic.h"

#include "layout.h"

enum lapic_mode lapic_mode;

/*
 * Both questions are answered without CPUID, so that an image's count of CPUIDs stays its own. The APIC flag of CPUID
 * follows the enable bit of IA32_APIC_BASE (SDM volume 3, "Local APIC Status and Location"), and a processor without
 * x2APIC refuses its bit in the same register with #GP, or, as some emulators, ignores it.
 */
bool enable_lapic(void)
{
    enum { IA32_APIC_BASE = 0x1b, EXTD = 1 << 10, EN = 1 << 11 };
    enum { SOFTWARE_ENABLE = 1 << 8, MASKED = 1 << 16 };
    uint64_t base = read_msr(IA32_APIC_BASE);
    if (!(base & EN))
        return false;
    bool x2apic = try_wrmsr(IA32_APIC_BASE, base | EXTD) && read_msr(IA32_APIC_BASE) & EXTD;
    lapic_mode = x2apic ? X2APIC : XAPIC;
    write_lapic(LAPIC_SPURIOUS_VECTOR, SOFTWARE_ENABLE | VECTOR_SPURIOUS);
    /* LINT0 is where the 8259 pair comes in; with the IOAPIC in use each interrupt would come twice. */
    write_lapic(LAPIC_LVT_LINT0, MASKED);
    return true;
}

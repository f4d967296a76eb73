/*
 * exits: exactly as many exits of each kind as the command line says.
 *
 * The yardstick of every counter: what the VMM reports for the probe must equal the keys. With several processors each
 * does its share. Nothing else exits but start-up (three accesses to fw_cfg, and on several processors their start) and
 * the last write, to the debug-exit port. CPUID runs at CPL 0 because a PVM host does not see it at CPL 3.
 */
#include "halt.h"
#include "keys.h"
#include "smp.h"

static struct {
    uint64_t io, mmio, cpuid, hlt, rdmsr;
} total;
static bool at_privilege_level_0;
static unsigned processors;

static void write_port(uint64_t count)
{
    for (; count; count--)
        out8(PROBE_PORT, 0);
}

static void write_memory(uint64_t count)
{
    for (; count; count--)
        write32(PROBE_MEMORY, 0);
}

static void identify_processor(uint64_t count)
{
    for (; count; count--) {
        uint32_t eax = 0, ebx, ecx = 0, edx;
        asm volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    }
}

static void read_probe_msr(uint64_t count)
{
    for (; count; count--)
        read_msr(PROBE_MSR);
}

static uint64_t share(uint64_t whole, unsigned processor)
{
    return whole / processors + (processor < whole % processors);
}

/* A routine that has nothing to do is not called: going to CPL 0 has its price too. */
static void repeat(void (*routine)(uint64_t count), bool privileged, uint64_t whole, unsigned processor)
{
    uint64_t count = share(whole, processor);
    if (count && privileged)
        at_cpl0(routine, count, 0);
    else if (count)
        routine(count);
}

static void do_share(unsigned processor)
{
    repeat(write_port, at_privilege_level_0, total.io, processor);
    repeat(write_memory, at_privilege_level_0, total.mmio, processor);
    repeat(identify_processor, true, total.cpuid, processor);
    repeat(halt, true, total.hlt, processor);
    repeat(read_probe_msr, true, total.rdmsr, processor);
}

int main(void)
{
    total.io = number_key("io");
    total.mmio = number_key("mmio");
    total.cpuid = number_key("cpuid");
    total.hlt = number_key("hlt");
    total.rdmsr = number_key("rdmsr");
    at_privilege_level_0 = choice_key("cpl") == 1;
    processors = count_processors();
    if (total.hlt)
        prepare_halts();
    run_on_processors(processors, do_share);
    return 0;
}

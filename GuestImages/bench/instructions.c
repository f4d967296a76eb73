/* Operations that are one instruction. */
#include "lapic.h"
#include "operation.h"
#include "print.h"
#include "timed.h"

static uint8_t buffer[4096] __attribute__((aligned(4096)));

static struct registers registers;

static void put_into_registers(void)
{
    registers = (struct registers){
        .eax = parameters.value,
        .edx = parameters.at,
        .rcx = parameters.group,
        .rsi = (uint64_t)buffer,
        .rdi = parameters.at,
    };
}

OPERATION(nothing, "", registers, )
const struct operation op_nothing = {.run = nothing, .baseline = nothing_baseline, .prepare = put_into_registers};

OPERATION(in, "inb %%dx, %%al", registers, )
const struct operation op_in = {.run = in, .baseline = in_baseline, .prepare = put_into_registers};

OPERATION(out, "outb %%al, %%dx", registers, )
const struct operation op_out = {.run = out, .baseline = out_baseline, .prepare = put_into_registers};

OPERATION(read, "movl (%%rdi), %%eax", registers, )
const struct operation op_read = {.run = read, .baseline = read_baseline, .prepare = put_into_registers};

OPERATION(write, "movl %%eax, (%%rdi)", registers, )
const struct operation op_write = {.run = write, .baseline = write_baseline, .prepare = put_into_registers};

OPERATION_BEYOND(outmany, "1: dec %%ecx\n\tjnz 1b", "1: outb %%al, %%dx\n\tdec %%ecx\n\tjnz 1b", registers, )
const struct operation op_outmany = {.run = outmany, .baseline = outmany_baseline, .prepare = put_into_registers};

OPERATION_BEYOND(writemany, "1: dec %%ecx\n\tjnz 1b", "1: movl %%eax, (%%rdi)\n\tdec %%ecx\n\tjnz 1b", registers, )
const struct operation op_writemany = {.run = writemany, .baseline = writemany_baseline, .prepare = put_into_registers};

OPERATION(outs, "rep outsb", registers, )
const struct operation op_outs = {.run = outs, .baseline = outs_baseline, .prepare = put_into_registers};

static void prepare_ins(void)
{
    put_into_registers();
    registers.rdi = (uint64_t)buffer;
    buffer[0] = 0; /* touched */
}

OPERATION(ins, "rep insb", registers, )
const struct operation op_ins = {.run = ins, .baseline = ins_baseline, .prepare = prepare_ins};

static void prepare_cpuid(void)
{
    put_into_registers();
    registers.rcx = 0;
}

OPERATION(cpuid, "cpuid", registers, )
const struct operation op_cpuid = {.run = cpuid, .baseline = cpuid_baseline, .prepare = prepare_cpuid};

/* The x2APIC's registers are there only once it is on, which nothing turns off again. */
static void start_x2apic(void)
{
    enum { STATUS_IMPOSSIBLE = 2 };
    at_cpl0(enable_lapic, 0, 0);
    if (lapic_mode == X2APIC)
        return;
    print("this machine has no x2APIC\n");
    end_run(STATUS_IMPOSSIBLE);
}

static void prepare_msr(void)
{
    enum { X2APIC_FIRST = 0x800, X2APIC_LAST = 0x8ff };
    if (parameters.at >= X2APIC_FIRST && parameters.at <= X2APIC_LAST)
        start_x2apic();
    put_into_registers();
    registers.rcx = parameters.at;
    registers.edx = 0;
}

OPERATION(rdmsr, "rdmsr", registers, )
const struct operation op_rdmsr = {.run = rdmsr, .baseline = rdmsr_baseline, .prepare = prepare_msr};

OPERATION(wrmsr, "wrmsr", registers, )
const struct operation op_wrmsr = {.run = wrmsr, .baseline = wrmsr_baseline, .prepare = prepare_msr};

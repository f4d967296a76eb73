/*
 * Operations that another party answers: the local APIC, a thread of the host's, another processor.
 *
 * The APIC stays in the mode that it has after reset, whose registers lie in memory, so that CPL 3 can use it too.
 */
#include "cpu.h"
#include "device.h"
#include "interrupts.h"
#include "operation.h"
#include "port.h"
#include "timed.h"

enum { XAPIC_REGISTERS = 0xfee00000, VECTOR_SELF = 0x31 };

/* SDM volume 3, "Interrupt Command Register (ICR)" */
enum { SELF = 1 << 18, ALL_EXCLUDING_SELF = 3 << 18, ASSERT = 1 << 14, INIT = 5 << 8, START_UP = 6 << 8 };

static struct registers registers;
static volatile uint32_t handled; /* interrupts so far */

static void write_xapic(unsigned offset, uint32_t value)
{
    write32(XAPIC_REGISTERS + offset, value);
}

INTERRUPT_HANDLER(handle_interrupt)
{
    handled++;
    write_xapic(LAPIC_EOI, 0);
}

static uint64_t interrupts_handled(void)
{
    return handled;
}

static void start_xapic(void)
{
    enum { SOFTWARE_ENABLE = 1 << 8, MASKED = 1 << 16 };
    lapic_mode = XAPIC;
    write_xapic(LAPIC_SPURIOUS_VECTOR, SOFTWARE_ENABLE | VECTOR_SPURIOUS);
    write_xapic(LAPIC_LVT_LINT0, MASKED);
    set_vector(VECTOR_SELF, handle_interrupt);
    connect_interrupt(BENCH_IRQ, handle_interrupt);
    if (parameters.privilege_level == 3)
        allow_interrupts();
}

/* CPL 0 comes here with interrupts off: cpu.h, at_cpl0(). */
static void run_interruptible(batch *batch, uint32_t *samples, uint64_t count)
{
    if (parameters.privilege_level == 0)
        asm volatile("sti" : : : "memory");
    batch(samples, count);
    if (parameters.privilege_level == 0)
        asm volatile("cli" : : : "memory");
}

#define INTERRUPTIBLE(name)                                                   \
    static void interruptible_##name(uint32_t *samples, uint64_t count)       \
    {                                                                         \
        run_interruptible(name, samples, count);                              \
    }

/* Until another party has counted in the word at RSI, which was ECX before. */
#define UNTIL_COUNTED "1: pause\n\tcmpl %%ecx, (%%rsi)\n\tje 1b"

/* Interrupt: the processor sends itself one, and the sample ends behind its handler. */
static void prepare_interrupt(void)
{
    start_xapic();
    registers = (struct registers){
        .eax = SELF | VECTOR_SELF,
        .rdi = XAPIC_REGISTERS + LAPIC_INTERRUPT_COMMAND,
        .rsi = (uint64_t)&handled,
    };
}

OPERATION(interrupt, "movl %%eax, (%%rdi)\n\t" UNTIL_COUNTED, registers, registers.rcx = handled)
INTERRUPTIBLE(interrupt)
INTERRUPTIBLE(interrupt_baseline)
const struct operation op_interrupt = {
    .run = interruptible_interrupt,
    .baseline = interruptible_interrupt_baseline,
    .prepare = prepare_interrupt,
    .done = interrupts_handled,
};

/*
 * Request: asks a thread of the host's for an interrupt and goes on running until it is handled. The word that asks
 * lies in memory, so that asking makes no exit, or at the address of the key `at`, a doorbell.
 */
static void prepare_request(void)
{
    static volatile uint32_t word;
    start_xapic();
    registers = (struct registers){
        .eax = 1,
        .rdi = parameters.at ? parameters.at : (uint64_t)&word,
        .rsi = (uint64_t)&handled,
    };
    out32(BENCH_REQUEST, (uint32_t)(uint64_t)&word);
}

static void next_request(void)
{
    registers.eax++;
    registers.rcx = handled;
}

OPERATION(request, "movl %%eax, (%%rdi)\n\t" UNTIL_COUNTED, registers, next_request())
INTERRUPTIBLE(request)
INTERRUPTIBLE(request_baseline)
const struct operation op_request = {
    .run = interruptible_request,
    .baseline = interruptible_request_baseline,
    .prepare = prepare_request,
    .done = interrupts_handled,
};

/*
 * Halt: the same, asleep until it comes. STI lets the interrupt in only behind the instruction that follows (SDM
 * volume 2, "STI"), which is HLT: it cannot come before the HLT and leave it asleep. At CPL 0.
 */
OPERATION(halt, "movl %%eax, (%%rdi)\n\tsti\n\thlt\n\tcli", registers, next_request())
const struct operation op_halt = {
    .run = halt,
    .baseline = halt_baseline,
    .prepare = prepare_request,
    .done = interrupts_handled,
};

/* Startup: INIT and start-up IPI to the second processor, until its first instruction has counted (startup.S). */
enum { COUNTER = TRAMPOLINE + 0x800 };

static void prepare_startup(void)
{
    extern const uint8_t startup[], startup_end[];
    __builtin_memcpy((void *)TRAMPOLINE, startup, startup_end - startup);
    *(volatile uint32_t *)COUNTER = 0;
    registers = (struct registers){
        .eax = ALL_EXCLUDING_SELF | ASSERT | INIT,
        .edx = ALL_EXCLUDING_SELF | ASSERT | START_UP | TRAMPOLINE >> 12,
        .rdi = XAPIC_REGISTERS + LAPIC_INTERRUPT_COMMAND,
        .rsi = COUNTER,
    };
}

static uint64_t times_started(void)
{
    return *(volatile uint32_t *)COUNTER;
}

OPERATION(startup_ipi, "movl %%eax, (%%rdi)\n\tmovl %%edx, %%eax\n\tmovl %%eax, (%%rdi)\n\t" UNTIL_COUNTED, registers,
          registers.rcx = times_started())
const struct operation op_startup = {
    .run = startup_ipi,
    .baseline = startup_ipi_baseline,
    .prepare = prepare_startup,
    .done = times_started,
};

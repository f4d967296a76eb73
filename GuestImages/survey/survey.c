/*
 * survey: one instruction, as often as it is told.
 *
 * The instruction stands at PROVOCATION, wherever the linker put this code. So who counts exits by the address of the
 * instruction that made them (guest_rip of kvm_exit, rip of kvm_emulate_insn) knows what to ask for.
 */
#include "survey.h"

#include "interrupts.h"
#include "keys.h"
#include "loops.h"
#include "wait.h"

enum { NOTHING, FIRST_LOOP, HYPERCALL = FIRST_LOOP + VMCALL, HALT, WAIT };

/* What the processor pushes (SDM volume 3, "64-Bit Mode Stack Frame"). */
struct interrupt_frame {
    uint64_t rip, cs, rflags, rsp, ss;
};
static volatile uint64_t faults;

/* The page stays absent: the instruction is passed over. */
static __attribute__((interrupt)) void pass_over(struct interrupt_frame *frame,
                                                 uint64_t error_code __attribute__((unused)))
{
    faults++;
    frame->rip += FAULT_LENGTH;
}

/* The function, copied to PROVOCATION. */
static void *put_in_place(const struct loop *loop)
{
    char *to = (char *)PROVOCATION;
    for (const char *from = loop->start; from < loop->end; from++)
        *to++ = *from;
    return (char *)PROVOCATION + (loop->entry - loop->start);
}

/* At CPL 0. EBX of leaf 0 begins the vendor's name: "AuthenticAMD", "HygonGenuine". */
static uint64_t has_vmmcall(void)
{
    enum { AUTH = 0x68747541, HYGO = 0x6f677948 };
    uint32_t eax = 0, ebx, ecx = 0, edx;
    asm volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    return ebx == AUTH || ebx == HYGO;
}

static const struct loop *loop_of(unsigned op)
{
    bool is_amds = op == HYPERCALL && at_cpl0(has_vmmcall, 0, 0);
    return &loops[is_amds ? VMMCALL : op - FIRST_LOOP];
}

static void run_loop(const struct loop *loop, uint64_t count, uint64_t at, bool at_privilege_level_0)
{
    void (*function)(uint64_t count, uint64_t at) = put_in_place(loop);
    begin_measured_window();
    if (at_privilege_level_0)
        at_cpl0(function, count, at);
    else
        function(count, at);
    end_measured_window();
}

INTERRUPT_HANDLER(wake_up)
{
    write_lapic(LAPIC_EOI, 0);
}

/* At CPL 0. The timer is periodic: an interrupt that came too early for its HLT leaves it to the next. */
static void halt(uint64_t count, uint64_t ticks)
{
    enum { DIVIDE_BY_1 = 0xb, PERIODIC = 1 << 17 }; /* KVM's APIC bus runs at 1 GHz: a tick is 1 ns */
    write_lapic(LAPIC_DIVIDE_CONFIGURATION, DIVIDE_BY_1);
    write_lapic(LAPIC_LVT_TIMER, PERIODIC | VECTOR_TIMER);
    write_lapic(LAPIC_INITIAL_COUNT, ticks);
    for (; count; count--)
        asm volatile("sti\n\thlt\n\tcli" : : : "memory");
    write_lapic(LAPIC_INITIAL_COUNT, 0); /* stops it */
}

static void sleep_and_wake(uint64_t count, uint64_t nanoseconds)
{
    if (!at_cpl0(enable_lapic, 0, 0))
        fail("survey: there is no local APIC");
    set_vector(VECTOR_TIMER, wake_up);
    begin_measured_window();
    at_cpl0(halt, count, nanoseconds);
    end_measured_window();
}

static volatile uint64_t interrupts;

INTERRUPT_HANDLER(take_interrupt)
{
    interrupts++;
    end_of_interrupt(TURN_IRQ);
}

/* Says when it is back from the handler, so that the next interrupt finds it running. */
static void await_interrupts(uint64_t count)
{
    volatile uint64_t *turn = (volatile uint64_t *)TURN;
    connect_interrupt(TURN_IRQ, take_interrupt);
    allow_interrupts();
    begin_measured_window();
    for (uint64_t taken = 0; taken < count; taken++) {
        *turn = taken + 1;
        WAIT_UNTIL(interrupts > taken, PATIENCE, "survey: %lu interrupts came", interrupts);
    }
    end_measured_window();
}

int main(void)
{
    enum { PAGE_FAULT = 14 };
    unsigned op = choice_key("op");
    uint64_t count = number_key("count"), at = number_key("at");
    set_vector(PAGE_FAULT, (interrupt_handler *)(uintptr_t)pass_over);
    if (op == HALT)
        sleep_and_wake(count, at);
    else if (op == WAIT)
        await_interrupts(count);
    else if (op != NOTHING)
        run_loop(loop_of(op), count, at, choice_key("cpl") == 1);
    if (faults && faults != count)
        fail("survey: %lu page faults", faults);
    return 0;
}

/* The instructions of the image survey: what runs at PROVOCATION. */
#include "loops.h"

/*
 * A loop of RDI rounds around one instruction, which is the first in it. It is entered behind its end with RSI = the key
 * `at`, and may change RAX, RCX, RDX and R8. All jumps in it are relative.
 */
#define LOOP(name, registers, instruction, step)               \
    extern const char name##_loop[], name##_entry[], name##_end[]; \
    asm(".pushsection .rodata\n" #name                         \
        "_loop:\n\t" instruction "\n\t" step "\n\t"            \
        "dec %rdi\n\t"                                         \
        "jnz " #name "_loop\n\t"                               \
        "ret\n" #name "_entry:\n\t" registers "\n\t"           \
        "jmp " #name "_loop\n" #name "_end:\n\t"               \
        ".popsection")

LOOP(out, "mov %esi, %edx", "outb %al, (%dx)", "");
LOOP(write, "", "movl %eax, (%rsi)", "");
LOOP(cpuid, "xor %eax, %eax; mov %rbx, %r8", "cpuid", "xor %eax, %eax; mov %r8, %rbx");
LOOP(rdmsr, "mov %esi, %ecx", "rdmsr", "");
LOOP(cr3, "mov %cr3, %rax", "mov %rax, %cr3", "");
/* Bit 6, MCE: the host's own under KVM on both vendors' processors, with nested paging and without. */
LOOP(cr4, "mov %cr4, %rax; xor $0x40, %al", "mov %rax, %cr4", "xor $0x40, %al");
LOOP(touch, "", "movb %al, (%rsi)", "add $0x1000, %rsi");
LOOP(fault, "", "movb (%rsi), %al", "add $0x1000, %rsi");
/* Hypercall 1 does nothing: KVM_HC_VAPIC_POLL_IRQ of the KVM documentation. */
LOOP(vmcall, "mov $1, %eax", "vmcall", "mov $1, %eax");
LOOP(vmmcall, "mov $1, %eax", "vmmcall", "mov $1, %eax");

#define LISTED(name) {name##_loop, name##_entry, name##_end}

const struct loop loops[LOOPS] = {
    LISTED(out), LISTED(write), LISTED(cpuid), LISTED(rdmsr), LISTED(cr3),
    LISTED(cr4), LISTED(touch), LISTED(fault), LISTED(vmcall), LISTED(vmmcall),
};

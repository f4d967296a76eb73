/*
 * bad-opcode: the internal error.
 *
 * POPCNT is a valid instruction of every 64-bit processor of the last decade. Its operand lies in device memory, where
 * no page backs it, so KVM has to emulate the instruction instead of running it, and its emulator has no POPCNT:
 * KVM_RUN returns KVM_EXIT_INTERNAL_ERROR with suberror 1 (KVM_INTERNAL_ERROR_EMULATION), the same on every kind of
 * host. The marked register is for the reader of the crash report.
 */
#include "../runtime/ports.h"

    .text
    .globl _start
_start:
    mov $0x0badc0de, %edi
    mov $PROBE_MEMORY, %esi
    popcntl (%rsi), %eax
    ud2                         /* not reached on any KVM known to us */

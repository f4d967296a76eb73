/*
 * Start-up: from the entry state of docs/guest-abi.md to C code at CPL 3.
 *
 * What a processor needs for that is data and stands ready in the image (tables.S); start-up loads it and leaves CPL 0
 * with IRETQ. On a PVM host each instruction up to there is emulated at about 1 us; behind it code runs natively.
 */
#include "layout.h"

#define RFLAGS_IF 0x200

    .section .boot, "ax"
#include "tables.S"

    .globl _start
_start:                                     /* EBX = multiboot information */
    lgdt gdt_register
    mov %ebx, %edi
    xor %esi, %esi                          /* the first processor has number 0 */
    mov $start_first_processor, %edx

/* Continues at CPL 3 in the C function EDX(EDI) on processor ESI, interrupts off. */
    .globl leave_cpl0
leave_cpl0:
    lidt idt_register
    mov %esi, %eax
    shl $CPU_AREA_SHIFT, %eax
    add $CPU_AREAS, %eax
    lea AREA_CPL0_STACK(%rax), %rsp
    mov %rsp, TSS_RSP0(%rax)
    movw $TSS_SIZE, TSS_IO_MAP_BASE(%rax)   /* the bitmap follows, all zero: CPL 3 may use every port */
    shl $4, %esi
    add $FIRST_TSS, %esi
    ltr %si
    add $AREA_CPL3_STACK - 8, %rax          /* as if called: RSP + 8 is a multiple of 16 (System V ABI) */
    pushq $CPL3_DATA
    push %rax
    pushq $2                                /* RFLAGS: nothing but the bit that is always 1 */
    pushq $CPL3_CODE
    push %rdx
    iretq

/* INT3 at CPL 3: calls the function RAX here at CPL 0, interrupts off (cpu.h, at_cpl0). */
gate:
    cld
    call *%rax
    iretq

/* Through the gate: sets the interrupt flag of the code that came. STI would last only until the gate's IRETQ. */
    .globl set_interrupt_flag
set_interrupt_flag:
    orq $RFLAGS_IF, 24(%rsp)                /* behind the return address, RIP and CS */
    ret

/* An exception: its stub has completed the frame of exception.c with error code and vector. */
exception:
    cmpq $wrmsr_that_may_fault, 16(%rsp)
    je 1f
    mov %rsp, %rdi
    cld
    call report_exception                   /* does not return */
1:  movq $wrmsr_faulted, 16(%rsp)
    add $16, %rsp
    iretq

/* bool try_wrmsr(uint32_t msr, uint64_t value) at CPL 0: false if the MSR or the value raises #GP. */
    .globl try_wrmsr
try_wrmsr:
    mov %edi, %ecx
    mov %esi, %eax
    mov %rsi, %rdx
    shr $32, %rdx
wrmsr_that_may_fault:
    wrmsr
    mov $1, %eax
    ret
wrmsr_faulted:
    xor %eax, %eax
    ret

/* The processors' areas: layout.h. */
    .section .cpus, "aw", @nobits
    .skip MAXIMUM_CPUS << CPU_AREA_SHIFT

/* Where VMMs that know the PVH boot protocol enter: XEN_ELFNOTE_PHYS32_ENTRY, pvh.S. */
    .section .note.Xen, "a", @note
    .balign 4
    .long 4, 8, 18
    .asciz "Xen"
    .quad pvh_entry

/*
 * The way of an application processor: from the start-up IPI, in real mode at TRAMPOLINE, to boot.S.
 *
 * smp.c copies what lies between `trampoline` and `trampoline_end` to that page below 1 MiB. Paging and protection go
 * on in one write of CR0: with EFER.LME and CR4.PAE set before, that enters long mode without a stop in protected
 * mode.
 */
#include "layout.h"

#define CR0_PG_NE_ET_PE 0x80000031
#define CR4_PAE 0x20
#define IA32_EFER 0xc0000080
#define EFER_LME 0x100

    .section .rodata
    .code16
    .globl trampoline, trampoline_cr3, trampoline_end
trampoline:
    mov %cs, %ax
    mov %ax, %ds                            /* offsets below count from the start of the page */
    lgdtl gdt_register - trampoline
    mov $CR4_PAE, %eax
    mov %eax, %cr4
    mov trampoline_cr3 - trampoline, %eax
    mov %eax, %cr3
    mov $IA32_EFER, %ecx
    mov $EFER_LME, %eax
    xor %edx, %edx
    wrmsr
    mov $CR0_PG_NE_ET_PE, %eax
    mov %eax, %cr0
    ljmpl $CPL0_CODE, $start_application_processor
gdt_register:
    .word GDT_SIZE - 1
    .long gdt
trampoline_cr3:
    .long 0                                 /* smp.c: the first processor's */
trampoline_end:

    .text
    .code64
start_application_processor:
    mov $1, %esi
    lock xadd %esi, next_processor
    mov %esi, %edi
    mov $run_application_processor, %edx
    cmp $MAXIMUM_CPUS, %esi
    jb leave_cpl0
park:                                       /* no area is left for this processor */
    cli
    hlt
    jmp park

    .data
next_processor:
    .long 1

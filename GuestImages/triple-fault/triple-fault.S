/*
 * triple-fault: an exception that no descriptor can deliver.
 *
 * The IDT limit at entry is 0 (docs/guest-abi.md), so #UD finds no gate and becomes #GP, which finds none and becomes
 * #DF, which finds none: the processor shuts down (SDM volume 3, "Interrupt 8—Double Fault Exception"), and KVM returns
 * KVM_EXIT_SHUTDOWN. The two marked registers are for the reader of the crash report.
 */
    .text
    .globl _start
_start:
    mov $0x3333333333333333, %rax
    mov $0x0f0f0f0f0f0f0f0f, %rcx
    ud2

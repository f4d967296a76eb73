/* What the second processor runs at TRAMPOLINE, in real mode: its first instruction counts, at offset 0x800 (events.c). */
    .section .rodata
    .code16
    .globl startup, startup_end
startup:
    incl %cs:0x800
1:  cli
    hlt
    jmp 1b
startup_end:

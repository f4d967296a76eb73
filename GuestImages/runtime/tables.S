/*
 * Descriptor tables, complete before the first instruction: part of boot.S.
 *
 * A descriptor holds an address in pieces, which no relocation can fill in. But this section begins at BOOT_ADDRESS
 * (image.ld), so the assembler itself knows the address of every label in it.
 */
#define ADDRESS(label) (BOOT_ADDRESS + (label) - boot)
boot:

/* SDM volume 3, "Segment Descriptors" and "TSS Descriptor in 64-bit Mode". 0x28 and 0x30 are CPL3_DATA and _CODE. */
    .balign 8
    .globl gdt
gdt:
    .quad 0
    .quad 0x00af9b000000ffff                /* 0x08: code, DPL 0, 64-bit */
    .quad 0x00cf93000000ffff                /* 0x10: data, DPL 0 */
    .quad 0, 0
    .quad 0x00cff3000000ffff                /* 0x28: data, DPL 3 */
    .quad 0x00affb000000ffff                /* 0x30: code, DPL 3, 64-bit */
    .quad 0
    .set area, CPU_AREAS
    .rept MAXIMUM_CPUS                      /* 0x40: a TSS at the start of each processor's area */
    .word TSS_SIZE + IO_MAP_SIZE, area & 0xffff
    .byte area >> 16 & 0xff, 0x89, 0, area >> 24
    .quad 0
    .set area, area + (1 << CPU_AREA_SHIFT)
    .endr

/* Exceptions that push an error code: SDM volume 3, "Protected-Mode Exceptions and Interrupts"; 29 and 30 are AMD's. */
#define HAS_ERROR_CODE \
    (1 << 8 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14 | 1 << 17 | 1 << 21 | 1 << 29 | 1 << 30)
#define EXCEPTION_STUB_SIZE 16

    .balign EXCEPTION_STUB_SIZE
exception_stubs:
    .set vector, 0
    .rept 32
    .if !(HAS_ERROR_CODE >> vector & 1)
    pushq $0
    .endif
    pushq $vector
    jmp exception
    .balign EXCEPTION_STUB_SIZE
    .set vector, vector + 1
    .endr

/* SDM volume 3, "64-Bit Mode IDT". Attributes: 0x8e = interrupt gate, DPL 0; 0xee = the same for INT3 from CPL 3. */
#define GATE_DESCRIPTOR(address, attributes) \
    .word (address) & 0xffff, CPL0_CODE; .byte 0, attributes; .word (address) >> 16; .quad 0

    .globl idt
idt:
    .set vector, 0
    .rept 32
    .if vector == VECTOR_GATE
    GATE_DESCRIPTOR(ADDRESS(gate), 0xee)
    .else
    GATE_DESCRIPTOR(ADDRESS(exception_stubs) + vector * EXCEPTION_STUB_SIZE, 0x8e)
    .endif
    .set vector, vector + 1
    .endr
    .fill (VECTORS - 32) * 16, 1, 0         /* interrupts: interrupts.c fills in what an image uses */

    .globl gdt_register
gdt_register:
    .word GDT_SIZE - 1
    .quad gdt
idt_register:
    .word VECTORS * 16 - 1
    .quad idt

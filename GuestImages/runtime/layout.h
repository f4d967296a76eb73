/* Addresses, selectors and vectors that assembly, C and the linker script share. */
#ifndef LAYOUT_H
#define LAYOUT_H

#define BOOT_ADDRESS 0x100000

/* Page tables and multiboot information: docs/guest-abi.md, section "The boot tables". */
#define BOOT_TABLES 0x80000
#define BOOT_INFORMATION 0x86020

/* The area of processor n begins at CPU_AREAS + (n << CPU_AREA_SHIFT). */
#define CPU_AREAS 0x200000
#define CPU_AREA_SHIFT 15
#define MAXIMUM_CPUS 32
#define AREA_TSS 0x0000          /* 104 bytes, then the I/O permission bitmap of 8 KiB */
#define AREA_CPL0_STACK 0x4000   /* tops: stacks grow down */
#define AREA_CPL3_STACK 0x8000

/* SDM volume 3, "64-Bit TSS Format" */
#define TSS_RSP0 4
#define TSS_IO_MAP_BASE 102
#define TSS_SIZE 104
#define IO_MAP_SIZE 8192

/* Selectors. 0x2b and 0x33 are where Linux has them: a PVM host runs CPL 3 natively only with these. */
#define CPL0_CODE 0x08
#define CPL0_DATA 0x10
#define CPL3_DATA 0x2b
#define CPL3_CODE 0x33
#define FIRST_TSS 0x40           /* 16 bytes each, to the end of the GDT */
#define GDT_SIZE (FIRST_TSS + MAXIMUM_CPUS * 16)

/*
 * Interrupt vectors. The gate to CPL 0 is INT3: a PVM host emulates INT n at CPL 3 and knows it only in real mode,
 * whereas INT3 raises its exception natively, with RIP behind it; and no kind of host makes an exit of it.
 */
#define VECTOR_GATE 3
#define VECTOR_IRQ0 0x20         /* IRQ n arrives at VECTOR_IRQ0 + n */
#define VECTOR_TIMER 0x30
#define VECTOR_MESSAGE 0x38      /* message n of a device (MSI, MSI-X) arrives at VECTOR_MESSAGE + n */
#define MESSAGES 4
#define VECTOR_SPURIOUS 0x3f
#define VECTORS 0x40

/* Page of real-mode memory where application processors start: trampoline.S */
#define TRAMPOLINE 0x8000

#endif

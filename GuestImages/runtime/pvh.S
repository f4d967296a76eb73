/*
 * Start-up under other VMMs, which enter an ELF64 file by the PVH boot protocol (Xen's docs/misc/pvh.pandoc): in
 * protected mode, paging off. This makes the entry state of docs/guest-abi.md of it, at the addresses that the page
 * keeps free for that, and goes on at _start. swiftvmm itself enters there at once.
 */
#include "layout.h"

/* Xen's public/arch-x86/hvm/start_info.h */
#define PVH_COMMAND_LINE 0x18

/* SDM volume 3, "4-Level Paging": present, writable, user, accessed; in pages also dirty and 2 MiB. */
#define TABLE 0x27
#define PAGE 0xe7

    .section .text.pvh, "ax"
    .code32
    .globl pvh_entry
pvh_entry:                                  /* EBX = start information */
    cld
    mov $BOOT_TABLES, %edi
    xor %eax, %eax
    mov $0x6000 / 4, %ecx
    rep stosl
    movl $BOOT_TABLES + 0x1000 + TABLE, BOOT_TABLES
    movl $BOOT_TABLES + 0x2000 + TABLE, BOOT_TABLES + 0x1000
    movl $BOOT_TABLES + 0x3000 + TABLE, BOOT_TABLES + 0x1008
    movl $BOOT_TABLES + 0x4000 + TABLE, BOOT_TABLES + 0x1010
    movl $BOOT_TABLES + 0x5000 + TABLE, BOOT_TABLES + 0x1018
    mov $BOOT_TABLES + 0x2000, %edi
    mov $PAGE, %eax
    mov $2048, %ecx                         /* 4 GiB */
1:  mov %eax, (%edi)
    add $0x200000, %eax
    add $8, %edi
    loop 1b

    mov PVH_COMMAND_LINE(%ebx), %eax
    mov $BOOT_INFORMATION, %ebx
    movl $4, (%ebx)                         /* of all that multiboot tells, the command line */
    mov %eax, 16(%ebx)

    mov $0x20, %eax                         /* PAE */
    mov %eax, %cr4
    mov $BOOT_TABLES, %eax
    mov %eax, %cr3
    mov $0xc0000080, %ecx                   /* EFER: LME */
    mov $0x100, %eax
    xor %edx, %edx
    wrmsr
    mov $0x80000011, %eax                   /* PG, ET, PE */
    mov %eax, %cr0
    lgdt gdt_register
    ljmp $CPL0_CODE, $_start

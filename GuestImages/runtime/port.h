/* I/O ports and device memory: instructions that exit when they run. Allowed at CPL 3 by the TSS's zeroed bitmap. */
#ifndef PORT_H
#define PORT_H

#include <stdint.h>

#include "ports.h"

static inline void out8(uint16_t port, uint8_t value)
{
    asm volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void out16(uint16_t port, uint16_t value)
{
    asm volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void out32(uint16_t port, uint32_t value)
{
    asm volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline uint8_t in8(uint16_t port)
{
    uint8_t value;
    asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline uint32_t in32(uint16_t port)
{
    uint32_t value;
    asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

/*
 * A 32-bit register in memory. One MOV with the value in EAX, whatever the compiler would choose: an emulator reads
 * every instruction that touches a device, and the reader of an exit trace should find the same one each time.
 */
static inline void write32(uint64_t address, uint32_t value)
{
    asm volatile("movl %0, (%1)" : : "a"(value), "r"(address) : "memory");
}

static inline uint32_t read32(uint64_t address)
{
    uint32_t value;
    asm volatile("movl (%1), %0" : "=a"(value) : "r"(address) : "memory");
    return value;
}

/* Likewise of 16 and 8 bits. */
static inline void write16(uint64_t address, uint16_t value)
{
    asm volatile("movw %0, (%1)" : : "a"(value), "r"(address) : "memory");
}

static inline uint16_t read16(uint64_t address)
{
    uint16_t value;
    asm volatile("movw (%1), %0" : "=a"(value) : "r"(address) : "memory");
    return value;
}

static inline void write8(uint64_t address, uint8_t value)
{
    asm volatile("movb %0, (%1)" : : "a"(value), "r"(address) : "memory");
}

static inline uint8_t read8(uint64_t address)
{
    uint8_t value;
    asm volatile("movb (%1), %0" : "=a"(value) : "r"(address) : "memory");
    return value;
}

/* The measured window of the report: docs/guest-abi.md. */
static inline void begin_measured_window(void)
{
    out8(MARKER, 1);
}

static inline void end_measured_window(void)
{
    out8(MARKER, 0);
}

#endif

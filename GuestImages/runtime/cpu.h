/* The processor: the gate to CPL 0, and the instructions that need it. */
#ifndef CPU_H
#define CPU_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Runs a function of up to two integer arguments at CPL 0, interrupts off, and returns its result.
 * One INT3 and one IRETQ each; so what is to be done many times is a loop within the function.
 */
static inline uint64_t at_cpl0(const void *function, uint64_t first, uint64_t second)
{
    uint64_t result;
    asm volatile("int3"
                 : "=a"(result), "+D"(first), "+S"(second)
                 : "0"(function)
                 : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory", "cc");
    return result;
}

/* The rest of this file is for functions that run at CPL 0. */

static inline uint64_t read_msr(uint32_t msr)
{
    uint32_t low, high;
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr) : "memory");
    return (uint64_t)high << 32 | low;
}

static inline void write_msr(uint32_t msr, uint64_t value)
{
    asm volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

/* WRMSR that may be refused: false if it raised #GP (boot.S). */
bool try_wrmsr(uint32_t msr, uint64_t value);

static inline uint64_t read_cr2(void)
{
    uint64_t value;
    asm volatile("mov %%cr2, %0" : "=r"(value));
    return value;
}

static inline uint64_t read_cr3(void)
{
    uint64_t value;
    asm volatile("mov %%cr3, %0" : "=r"(value));
    return value;
}

#endif

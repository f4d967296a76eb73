/* Operations on memory and page tables: SDM volume 3, "4-Level Paging". */
#include "cpu.h"
#include "device.h"
#include "operation.h"
#include "port.h"
#include "print.h"
#include "timed.h"

static struct registers registers;

/* Touch: a store, for a load of memory that nobody has written gets a page of zeros that many share. */
static void renew_memory(void)
{
    out8(BENCH_RENEW, 0);
    registers.rdi = parameters.at;
}

OPERATION(touch, "movl %%eax, (%%rdi)", registers, registers.rdi += parameters.stride)
const struct operation op_touch = {.run = touch, .baseline = touch_baseline, .renew = renew_memory};

static uint64_t current_cr3(void)
{
    return read_cr3();
}

static void prepare_cr3(void)
{
    registers.rdi = at_cpl0(current_cr3, 0, 0);
}

OPERATION(cr3, "mov %%rdi, %%cr3", registers, )
const struct operation op_cr3 = {.run = cr3, .baseline = cr3_baseline, .prepare = prepare_cr3};

/* A page table of our own, behind 2 MiB of addresses where the machine has neither RAM nor a device. */
enum { ENTRIES = 512, PAGE = 4096, WINDOW = 0x80000000u };
enum { PRESENT_WRITABLE_USER = 7, ACCESSED_DIRTY = 0x60, ENTRY = PRESENT_WRITABLE_USER | ACCESSED_DIRTY };
static uint64_t page_table[ENTRIES] __attribute__((aligned(PAGE)));
static volatile uint32_t pages[2][PAGE / 4] __attribute__((aligned(PAGE)));

static uint64_t *table_behind(uint64_t entry)
{
    return (uint64_t *)(entry & ~(uint64_t)(PAGE - 1));
}

static void load_cr3(uint64_t value)
{
    asm volatile("mov %0, %%cr3" : : "r"(value) : "memory");
}

static void forget_translations(void)
{
    at_cpl0(load_cr3, at_cpl0(current_cr3, 0, 0), 0);
}

static uint32_t entry_of_page(unsigned page)
{
    return (uint32_t)(uint64_t)pages[page] | ENTRY;
}

/* Through the last entry, which no sample uses, the table is used once: KVM's shadow paging then knows it as a table. */
static void put_page_table_in_place(void)
{
    uint64_t *directory_pointers = table_behind(table_behind(at_cpl0(current_cr3, 0, 0))[0]);
    uint64_t *directory = table_behind(directory_pointers[WINDOW >> 30]);
    directory[WINDOW >> 21 & (ENTRIES - 1)] = (uint64_t)page_table | ENTRY;
    page_table[ENTRIES - 1] = entry_of_page(0);
    forget_translations();
    *(volatile uint32_t *)(uint64_t)(WINDOW + (ENTRIES - 1) * PAGE) = 0;
    pages[0][0] = pages[1][0] = 0;
}

/*
 * Invlpg: the window's first page is now this, now that one. Each sample counts in the page that the new entry names;
 * had an INVLPG no effect, the other page would have one more.
 */
static void return_to_first_page(void)
{
    registers = (struct registers){.eax = entry_of_page(0), .rdi = (uint64_t)page_table, .rsi = WINDOW};
}

static uint64_t evenly_counted(void)
{
    uint32_t first = pages[0][0], second = pages[1][0];
    return first == second + parameters.batches * (parameters.count & 1) ? first + second : 0;
}

OPERATION(invlpg, "movl %%eax, (%%rdi)\n\tinvlpg (%%rsi)\n\tincl (%%rsi)", registers,
          registers.eax ^= entry_of_page(0) ^ entry_of_page(1))
const struct operation op_invlpg = {
    .run = invlpg,
    .baseline = invlpg_baseline,
    .prepare = put_page_table_in_place,
    .renew = return_to_first_page,
    .done = evenly_counted,
};

/* Map: one entry after the other becomes present, and its page is used at once. No INVLPG: SDM volume 3, 4.10.4.3. */
static void prepare_map(void)
{
    if (parameters.count > ENTRIES - 1)
        fail("bench: a page table has %lu entries to map", (uint64_t)ENTRIES - 1);
    put_page_table_in_place();
}

static void clear_page_table(void)
{
    __builtin_memset(page_table, 0, sizeof page_table);
    forget_translations();
    /* KVM's shadow paging protects a table anew when translations are flushed; the write that finds it so is no sample. */
    *(volatile uint64_t *)&page_table[ENTRIES - 1] = 0;
    return_to_first_page();
}

static void next_entry(void)
{
    registers.rdi += sizeof page_table[0];
    registers.rsi += PAGE;
}

static uint64_t counted(void)
{
    return pages[0][0];
}

OPERATION(map, "movl %%eax, (%%rdi)\n\tincl (%%rsi)", registers, next_entry())
const struct operation op_map = {
    .run = map,
    .baseline = map_baseline,
    .prepare = prepare_map,
    .renew = clear_page_table,
    .done = counted,
};

/*
 * string-io: many items, one instruction.
 *
 * KVM returns to user space once per item of REP OUTS, but brings many items of REP INS in one exit, with their
 * number in `count`. The data advances and the port does not: all items belong to port P0 of the probe, which reads
 * 0.
 */
#include "keys.h"
#include "port.h"
#include "print.h"

enum { MAXIMUM_ITEMS = 65536 };
static union {
    uint8_t bytes[MAXIMUM_ITEMS * 4];
    uint32_t alignment;
} buffer;

static void put_string(unsigned size, uint64_t items)
{
    const void *from = &buffer;
    switch (size) {
    case 1: asm volatile("rep outsb" : "+S"(from), "+c"(items) : "d"(PROBE_PORT) : "memory"); break;
    case 2: asm volatile("rep outsw" : "+S"(from), "+c"(items) : "d"(PROBE_PORT) : "memory"); break;
    case 4: asm volatile("rep outsl" : "+S"(from), "+c"(items) : "d"(PROBE_PORT) : "memory"); break;
    }
}

static void get_string(unsigned size, uint64_t items)
{
    void *to = &buffer;
    switch (size) {
    case 1: asm volatile("rep insb" : "+D"(to), "+c"(items) : "d"(PROBE_PORT) : "memory"); break;
    case 2: asm volatile("rep insw" : "+D"(to), "+c"(items) : "d"(PROBE_PORT) : "memory"); break;
    case 4: asm volatile("rep insl" : "+D"(to), "+c"(items) : "d"(PROBE_PORT) : "memory"); break;
    }
}

/* The buffer beforehand: no byte 0, and no two neighbours alike, so that a byte in the wrong place is seen. */
static uint8_t pattern(uint64_t index)
{
    return index % 251 + 1;
}

/* What REP INS must leave: zeros as far as it reached, the pattern behind. */
static void check_buffer(uint64_t read)
{
    for (uint64_t i = 0; i < sizeof buffer.bytes; i++) {
        uint8_t expected = i < read ? 0 : pattern(i);
        if (buffer.bytes[i] != expected)
            fail("string-io: byte %lu is 0x%lx, expected 0x%lx", i, (uint64_t)buffer.bytes[i], (uint64_t)expected);
    }
}

int main(void)
{
    enum { OUT, IN };
    unsigned mode = choice_key("mode"), size = 1 << choice_key("size");
    uint64_t items = number_key("items");
    for (uint64_t i = 0; i < sizeof buffer.bytes; i++)
        buffer.bytes[i] = pattern(i);
    if (mode == OUT)
        put_string(size, items);
    else
        get_string(size, items);
    check_buffer(mode == IN ? items * size : 0);
    return 0;
}

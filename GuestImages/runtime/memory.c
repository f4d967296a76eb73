/* The four functions that gcc may call of its own accord, freestanding or not. */
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    void *result = to;
    asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
    return result;
}

void *memmove(void *to, const void *from, size_t size)
{
    if ((uintptr_t)to - (uintptr_t)from >= size)
        return memcpy(to, from, size);
    for (volatile uint8_t *byte = to; size-- > 0;)
        byte[size] = ((const uint8_t *)from)[size];
    return to;
}

void *memset(void *to, int value, size_t size)
{
    void *result = to;
    asm volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(value) : "memory");
    return result;
}

int memcmp(const void *first, const void *second, size_t size)
{
    const uint8_t *a = first, *b = second;
    for (; size > 0; size--, a++, b++)
        if (*a != *b)
            return *a - *b;
    return 0;
}

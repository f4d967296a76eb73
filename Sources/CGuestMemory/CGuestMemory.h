// Loads and stores of memory that a guest, or another thread, changes meanwhile.
//
// Swift has no volatile access. A plain load from guest memory may be repeated by the optimiser, so that a
// value is checked once and used as another; each function here is one access of the machine, no more.
#pragma once

#include <stdint.h>
#include <string.h>

#define GUEST_ACCESS(bits)                                                                    \
  static inline uint##bits##_t guest_load##bits(const void *at) {                             \
    uint##bits##_t value;                                                                     \
    __asm__ volatile("" ::: "memory");                                                        \
    memcpy(&value, at, sizeof value); /* the address may be unaligned: x86 does not mind */   \
    __asm__ volatile("" : "+r"(value)::"memory");                                             \
    return value;                                                                             \
  }                                                                                           \
  static inline void guest_store##bits(void *at, uint##bits##_t value) {                      \
    __asm__ volatile("" : "+r"(value)::"memory");                                             \
    memcpy(at, &value, sizeof value);                                                         \
    __asm__ volatile("" ::: "memory");                                                        \
  }

GUEST_ACCESS(16)
GUEST_ACCESS(32)
GUEST_ACCESS(64)
#undef GUEST_ACCESS

static inline uint8_t guest_load8(const void *at) { return *(const volatile uint8_t *)at; }
static inline void guest_store8(void *at, uint8_t value) { *(volatile uint8_t *)at = value; }

// Indices that order other memory: what was written before a release store is seen after the acquire load
// that reads it. `at` is aligned.
static inline uint16_t guest_load16_acquire(const void *at) {
  return __atomic_load_n((const uint16_t *)at, __ATOMIC_ACQUIRE);
}
static inline void guest_store16_release(void *at, uint16_t value) {
  __atomic_store_n((uint16_t *)at, value, __ATOMIC_RELEASE);
}
static inline void guest_store8_release(void *at, uint8_t value) {
  __atomic_store_n((uint8_t *)at, value, __ATOMIC_RELEASE);
}

// The full barrier between publishing an index and reading what the other side asks for
// (virtio 1.2, sections 2.7.7.1 and 2.7.13.3.1).
static inline void guest_fence(void) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

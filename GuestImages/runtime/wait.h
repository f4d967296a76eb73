/*
 * Waiting at CPL 3. The loop runs natively and makes no exit, so that what a device costs is counted and nothing else.
 * HLT would be kinder to a host with one CPU, but it is an exit of its own, and only CPL 0 may execute it.
 */
#ifndef WAIT_H
#define WAIT_H

#include <stdint.h>

#include "print.h"

/* About ten seconds of PAUSE: a device that has not answered by then never will. */
#define PATIENCE 500000000ul

/* As many reads of a device's register, at an exit each. */
#define REGISTER_PATIENCE 10000000ul

/* Waits for the condition; when patience ends, fails with the message. */
#define WAIT_UNTIL(condition, patience, ...)                   \
    do {                                                       \
        for (uint64_t turns = 0; !(condition); turns++) {      \
            if (turns == (patience))                           \
                fail(__VA_ARGS__);                             \
            asm volatile("pause");                             \
        }                                                      \
        asm volatile("" : : : "memory"); /* what the device wrote before is read after */ \
    } while (0)

#endif

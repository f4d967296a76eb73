/* HLTs that an interrupt ends. */
#ifndef HALT_H
#define HALT_H

#include "interrupts.h"

/* Once, at CPL 3, before any halt(). */
void prepare_halts(void);

/* Executes HLT `count` times, neither more nor fewer. At CPL 0, on any processor. */
void halt(uint64_t count);

#endif

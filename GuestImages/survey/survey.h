/* Where the guest of swiftvmm survey has what the other side looks for: docs/survey.md, section The guest. */
#ifndef SURVEY_H
#define SURVEY_H

/* The instruction. A page below the trampoline's, and below that another: RAM that nothing else uses. */
#define PROVOCATION 0x7000

/* A 64-bit word: the number of the interrupt that the guest waits for, from 1 on; 0 before it takes any. */
#define TURN 0x6000
#define TURN_IRQ 10

#endif

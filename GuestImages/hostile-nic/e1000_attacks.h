/* The kinds of attacks on the 82540EM, and what they share. */
#ifndef E1000_ATTACKS_H
#define E1000_ATTACKS_H

#include "attack.h"
#include "e1000_transmit.h"

extern const struct attack e1000_attacks[], e1000_segment_attacks[];
extern const unsigned e1000_attack_count, e1000_segment_attack_count;

/* Gives the card a ring at `base` of `length` bytes, empty, and turns the transmitter on. */
void program_attacked_transmitter(uint64_t base, uint32_t length);

#endif

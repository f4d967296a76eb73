/* Reception with the 82540EM. */
#ifndef E1000_RECEIVE_H
#define E1000_RECEIVE_H

#include "e1000.h"
#include "frame.h"

/* Gives the card a ring of empty buffers, as many as a batch needs, and turns the receiver on. After reset_e1000(). */
void start_e1000_receiver(enum e1000_driver driver, unsigned batch, unsigned size);

/*
 * Waits for `count` frames, checks each as the reflection of the frame with its number from `sequence` on, and gives
 * the buffers back.
 */
void receive_by_e1000(uint64_t sequence, unsigned count);

#endif

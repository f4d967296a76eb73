/* Reception with the 82540EM. */
#ifndef E1000_RECEIVE_H
#define E1000_RECEIVE_H

#include "e1000.h"
#include "frame.h"

/*
 * Turns the receiver on with an empty ring, as large as a batch needs: after reset_e1000(). Frames that come find no
 * buffer until give_e1000_buffers().
 */
void start_e1000_receiver(const struct e1000_options *options, frame_taker *taker);

/* Gives the card all buffers that it does not have: one write of RDT. */
void give_e1000_buffers(void);

/*
 * Waits for `count` frames, and lets the taker have each with its number from `number` on. The naive driver gives each
 * buffer back, the others do with give_e1000_buffers().
 */
void receive_by_e1000(uint64_t number, unsigned count);

#endif

/* Ways to transmit with the 82540EM. */
#ifndef E1000_TRANSMIT_H
#define E1000_TRANSMIT_H

#include "e1000.h"
#include "frame.h"

/* Prepares buffers and, but for the naive driver, the ring for batches of the options' size. After reset_e1000(). */
void start_e1000_transmitter(const struct e1000_options *options);

/* Transmits `count` frames with numbers from `sequence` on; the naive driver one by one, the others as one batch. */
void transmit_by_e1000(uint64_t sequence, unsigned count);

/* Waits until the device has transmitted all of them; the naive driver has waited already. */
void await_e1000_transmitter(void);

#endif

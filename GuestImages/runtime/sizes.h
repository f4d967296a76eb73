/* The keys `size` and `tso`. */
#ifndef SIZES_H
#define SIZES_H

#include <stdbool.h>

/* The size of small frames. */
unsigned small_size_key(void);

/* The size of frames that the card is to cut into segments; the usual one unless the command line says otherwise. */
unsigned large_size_key(void);

#endif

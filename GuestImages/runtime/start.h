/* What the VMM tells the image at its start. */
#ifndef START_H
#define START_H

#include <stdint.h>

/* Multiboot Specification 0.6.96, section 3.3, as far as this runtime reads it. */
struct boot_information {
    uint32_t flags;
    uint32_t memory_lower, memory_upper; /* KiB from 0 and from 1 MiB */
    uint32_t boot_device;
    uint32_t command_line;
};
enum { FLAG_MEMORY = 1 << 0, FLAG_COMMAND_LINE = 1 << 2 };

extern const struct boot_information *boot_information;

#endif

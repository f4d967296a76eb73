/* What an attack is. */
#ifndef ATTACK_H
#define ATTACK_H

#include <stdbool.h>
#include <stdint.h>

/* What a device owes to a driver that did this. */
enum duty {
    SURVIVE,   /* nothing, but after its reset it must work */
    KEEP_ON,   /* to go on as if nothing had happened: it must work without a reset */
    REPORT,    /* virtio: to set DEVICE_NEEDS_RESET and to notify of it */
    REFUSE,    /* virtio: to report, or not to let the queue become ready */
};

struct attack {
    const char *name;
    void (*run)(void);
    enum duty duty;
};

/* A device under attack. */
struct target {
    const char *name;
    bool (*find)(void);
    const struct attack *attacks;
    const unsigned *count;
    const char *(*check)(enum duty duty); /* what the device said; ends the run if that is not what it owes */
    void (*reset)(void);                  /* by the device's own means, and sets it up anew */
    void (*transmit)(uint64_t sequence);  /* one well-formed frame, and waits until it has gone out */
};

extern const struct target e1000_targets[], virtio_targets[];
extern const unsigned e1000_target_count, virtio_target_count;

/* The end of the memory below the hole for devices. */
uint64_t memory_end(void);

/* Addresses without memory: a hole among the devices, and the last bytes of the address space. */
#define NOWHERE 0xe0000000ul
#define LAST_BYTES 0xfffffffffffffff0ul

/*
 * Moves the BARs of a PCI device over memory, devices and nothing, with decoding on and off, and back to where they
 * were.
 */
void move_bars(int device);

/* Reads and writes of sizes and alignments that no register has. */
void access_oddly(uint64_t address, uint64_t value);

#endif

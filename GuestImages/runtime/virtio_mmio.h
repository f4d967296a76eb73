/* virtio over MMIO, version 2: VIRTIO 1.2, section 4.2. */
#ifndef VIRTIO_MMIO_H
#define VIRTIO_MMIO_H

#include <stdbool.h>
#include <stdint.h>

#include "port.h"
#include "virtqueue.h"

/* Section 4.2.2 */
enum {
    MAGIC_VALUE = 0x000,
    VERSION = 0x004,
    DEVICE_ID = 0x008,
    DEVICE_FEATURES = 0x010,
    DEVICE_FEATURES_SEL = 0x014,
    DRIVER_FEATURES = 0x020,
    DRIVER_FEATURES_SEL = 0x024,
    QUEUE_SEL = 0x030,
    QUEUE_NUM_MAX = 0x034,
    QUEUE_NUM = 0x038,
    QUEUE_READY = 0x044,
    QUEUE_NOTIFY = 0x050,
    INTERRUPT_STATUS = 0x060,
    INTERRUPT_ACK = 0x064,
    DEVICE_STATUS = 0x070,
    QUEUE_DESC_LOW = 0x080,
    QUEUE_DESC_HIGH = 0x084,
    QUEUE_DRIVER_LOW = 0x090,
    QUEUE_DRIVER_HIGH = 0x094,
    QUEUE_DEVICE_LOW = 0x0a0,
    QUEUE_DEVICE_HIGH = 0x0a4,
    CONFIG_GENERATION = 0x0fc,
    CONFIG = 0x100,
};

/* Section 2.1 */
enum { ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8, DEVICE_NEEDS_RESET = 64, FAILED = 128 };

/* Section 6 */
enum { VIRTIO_F_VERSION_1 = 32 };

extern uint64_t virtio_registers;

static inline void write_virtio(unsigned offset, uint32_t value)
{
    write32(virtio_registers + offset, value);
}

static inline uint32_t read_virtio(unsigned offset)
{
    return read32(virtio_registers + offset);
}

/* Finds the first device of this kind that the command line names, or returns false. */
bool find_virtio_mmio(uint32_t device_id);

/* Section 3.1.1 up to FEATURES_OK, with VERSION_1 as the one feature. */
void begin_virtio_setup(void);

/*
 * Gives the device an empty queue with up to `entries` entries, rounded up to a power of two and down to what it can.
 */
void set_up_virtqueue(struct virtqueue *queue, unsigned number, unsigned entries);

/* The device is live. */
void finish_virtio_setup(void);

/* Publishes what was offered and notifies the device if it wants that: one exit, or none. */
void publish_and_notify(struct virtqueue *queue);

/* From now on virtio_interrupts counts the device's interrupts. The handler's two accesses: status, acknowledge. */
void enable_virtio_interrupts(void);
extern volatile uint64_t virtio_interrupts;

#endif

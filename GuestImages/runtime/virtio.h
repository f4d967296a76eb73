/*
 * A virtio device, whichever transport it is behind: VIRTIO 1.2, sections 2 to 4.
 *
 * The transports have the same registers at different places and of different sizes, so a transport is a table of
 * places; the names are those of section 4.2.2 (MMIO). What it has beside them is in its own file.
 */
#ifndef VIRTIO_H
#define VIRTIO_H

#include <stdbool.h>
#include <stdint.h>

#include "port.h"
#include "virtqueue.h"

enum virtio_register {
    DEVICE_FEATURES_SEL,
    DEVICE_FEATURES,
    DRIVER_FEATURES_SEL,
    DRIVER_FEATURES,
    QUEUE_SEL,
    QUEUE_NUM_MAX,
    QUEUE_NUM,
    QUEUE_READY,
    INTERRUPT_STATUS,
    DEVICE_STATUS,
    QUEUE_DESC_LOW,
    QUEUE_DESC_HIGH,
    QUEUE_DRIVER_LOW,
    QUEUE_DRIVER_HIGH,
    QUEUE_DEVICE_LOW,
    QUEUE_DEVICE_HIGH,
    CONFIG_GENERATION,
    VIRTIO_REGISTERS,
};

/* Section 2.1 */
enum { ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8, DEVICE_NEEDS_RESET = 64, FAILED = 128 };

/* Section 6 */
enum { VIRTIO_F_INDIRECT_DESC = 28, VIRTIO_F_EVENT_IDX = 29, VIRTIO_F_VERSION_1 = 32 };

/* How the device interrupts: by the level of a line, or by messages. */
enum virtio_interrupts { NO_INTERRUPTS, BY_LINE, BY_MESSAGE };

/* The device in use. */
extern struct virtio_device {
    struct register_place {
        uint64_t address;
        unsigned size; /* 1, 2 or 4 bytes */
    } registers[VIRTIO_REGISTERS];
    uint64_t config; /* of the device's kind */
    unsigned notification_size;
    uint64_t (*doorbell)(const struct virtqueue *queue);   /* of the queue that is selected */
    void (*connect)(enum virtio_interrupts interrupts);    /* behind each reset */
    void (*assign_message)(const struct virtqueue *queue); /* to the queue that is selected */
} virtio;

static inline void write_virtio(enum virtio_register name, uint32_t value)
{
    struct register_place place = virtio.registers[name];
    switch (place.size) {
    case 1: write8(place.address, value); break;
    case 2: write16(place.address, value); break;
    default: write32(place.address, value); break;
    }
}

static inline uint32_t read_virtio(enum virtio_register name)
{
    struct register_place place = virtio.registers[name];
    switch (place.size) {
    case 1: return read8(place.address);
    case 2: return read16(place.address);
    default: return read32(place.address);
    }
}

/* Finds a device of this kind, or returns false: on PCI, or over MMIO where the command line names it. */
bool find_virtio_pci(uint32_t device_id);
bool find_virtio_mmio(uint32_t device_id);

/* What the device offers, with bit n for feature n. */
uint64_t offered_virtio_features(void);

/*
 * Section 3.1.1 up to FEATURES_OK, with VERSION_1 and these features; ends the run with a line if it has not all of
 * them.
 */
void begin_virtio_setup(uint64_t features, enum virtio_interrupts interrupts);

/*
 * Gives the device an empty queue with up to `entries` entries, rounded up to a power of two and down to what it can.
 */
void set_up_virtqueue(struct virtqueue *queue, unsigned number, unsigned entries);

/* The device is live. */
void finish_virtio_setup(void);

/* Rings the doorbell, whatever the device wants: one exit. */
void notify_virtqueue(const struct virtqueue *queue);

/* Publishes what was offered and notifies the device if it wants that: one exit, or none. */
void publish_and_notify(struct virtqueue *queue);

/* Counts the device's interrupts. */
extern volatile uint64_t virtio_interrupts;

#endif

/* Attacks on virtio-net by the registers that both transports have: VIRTIO 1.2, sections 3.1, 4.1 and 4.2. */
#include "print.h"
#include "virtio_attacks.h"

static struct virtqueue queue;

static void write_address(enum virtio_register low, uint64_t address)
{
    write_virtio(low, address);
    write_virtio(low + 1, address >> 32);
}

static uint64_t own_register(void)
{
    return virtio.registers[DEVICE_STATUS].address;
}

/* Rings the transmit queue's doorbell with another queue's number. */
static void ring_for(uint32_t number)
{
    write_virtio(QUEUE_SEL, TRANSMITQ1);
    uint64_t doorbell = virtio.doorbell(&queue);
    if (virtio.notification_size == 2)
        write16(doorbell, number);
    else
        write32(doorbell, number);
}

/* A transmit queue with these addresses, live and notified as if it were well-formed. */
static void run_queue(uint64_t desc, uint64_t avail, uint64_t used, uint32_t size)
{
    begin_attack(0);
    __builtin_memset(&queue, 0, sizeof queue);
    queue.avail.idx = 1;
    write_virtio(QUEUE_SEL, TRANSMITQ1);
    queue.number = TRANSMITQ1;
    queue.doorbell = virtio.doorbell(&queue);
    write_virtio(QUEUE_NUM, size);
    write_address(QUEUE_DESC_LOW, desc);
    write_address(QUEUE_DRIVER_LOW, avail);
    write_address(QUEUE_DEVICE_LOW, used);
    write_virtio(QUEUE_READY, 1);
    finish_virtio_setup();
    notify_virtqueue(&queue);
}

static const uint64_t desc = (uint64_t)&queue.desc, avail = (uint64_t)&queue.avail, used = (uint64_t)&queue.used;

static void misaligned_descriptors(void)
{
    run_queue(desc + 8, avail, used, ATTACKED_SIZE);
}

static void misaligned_available_ring(void)
{
    run_queue(desc, avail + 1, used, ATTACKED_SIZE);
}

static void misaligned_used_ring(void)
{
    run_queue(desc, avail, used + 2, ATTACKED_SIZE);
}

static void descriptors_outside_memory(void)
{
    run_queue(NOWHERE, avail, used, ATTACKED_SIZE);
}

static void available_ring_outside_memory(void)
{
    run_queue(desc, NOWHERE, used, ATTACKED_SIZE);
}

static void used_ring_outside_memory(void)
{
    run_queue(desc, avail, NOWHERE, ATTACKED_SIZE);
}

static void rings_in_device_registers(void)
{
    run_queue(own_register(), own_register(), own_register(), ATTACKED_SIZE);
}

static void descriptors_across_end_of_memory(void)
{
    run_queue(memory_end() - 16, avail, used, ATTACKED_SIZE);
}

static void used_ring_across_end_of_memory(void)
{
    run_queue(desc, avail, memory_end() - 8, ATTACKED_SIZE);
}

static void overflowing_descriptors(void)
{
    run_queue(LAST_BYTES, avail, used, ATTACKED_SIZE);
}

static void rings_one_upon_the_other(void)
{
    run_queue(desc, desc, desc, ATTACKED_SIZE);
}

static void size_zero(void)
{
    run_queue(desc, avail, used, 0);
}

static void size_three(void)
{
    run_queue(desc, avail, used, 3);
}

static void huge_sizes(void)
{
    run_queue(desc, avail, used, 0x10000);
    run_queue(desc, avail, used, 0xffffffff);
}

/* Section 4.2.2.2: the addresses may not change while the queue is ready. */
static void rings_moved_while_running(void)
{
    run_queue(desc, avail, used, ATTACKED_SIZE);
    write_address(QUEUE_DESC_LOW, NOWHERE);
    write_address(QUEUE_DRIVER_LOW, LAST_BYTES);
    write_address(QUEUE_DEVICE_LOW, own_register());
    write_virtio(QUEUE_NUM, 0);
    notify_virtqueue(&queue);
}

static void absent_queues_made_ready(void)
{
    const uint32_t absent[] = {64, 1000, 0xffff, 0x10000, 0xffffffff};
    begin_attack(0);
    for (unsigned i = 0; i < sizeof absent / sizeof *absent; i++) {
        if (virtio.registers[QUEUE_SEL].size == 2 && absent[i] > 0xffff)
            continue;
        write_virtio(QUEUE_SEL, absent[i]);
        if (read_virtio(QUEUE_NUM_MAX) != 0)
            fail("queue %lu is there", (uint64_t)absent[i]);
        write_virtio(QUEUE_NUM, ATTACKED_SIZE);
        write_address(QUEUE_DESC_LOW, desc);
        write_virtio(QUEUE_READY, 1);
        read_virtio(QUEUE_READY);
    }
    finish_virtio_setup();
}

static void absent_queues_notified(void)
{
    const uint32_t absent[] = {64, 1000, 0xffff, 0x10000, 0xffffffff};
    for (unsigned i = 0; i < sizeof absent / sizeof *absent; i++)
        ring_for(absent[i]);
}

static void notified_for_nothing(void)
{
    for (unsigned i = 0; i < 64; i++)
        ring_for(i % 2);
}

/* Section 2.1.2: before DRIVER_OK a device must not consume buffers. */
static void notified_too_early(void)
{
    begin_attack(0);
    set_up_virtqueue(&queue, TRANSMITQ1, ATTACKED_SIZE);
    queue.desc[0].addr = (uint64_t)&queue;
    queue.desc[0].len = 12 + MINIMUM_FRAME;
    offer_descriptor(&queue, 0);
    publish_and_notify(&queue);
    for (unsigned i = 0; i < 64; i++)
        read_virtio(DEVICE_STATUS);
    if (used_count(&queue) != 0)
        fail("a buffer was used before DRIVER_OK");
}

/* Section 3.1.1, step 6: a device that was not asked within its offer does not keep FEATURES_OK. */
static void features_not_offered(void)
{
    write_virtio(DEVICE_STATUS, 0);
    write_virtio(DEVICE_STATUS, ACKNOWLEDGE | DRIVER);
    for (uint32_t word = 0; word < 4; word++) {
        write_virtio(DRIVER_FEATURES_SEL, word);
        write_virtio(DRIVER_FEATURES, 0xffffffff);
    }
    write_virtio(DEVICE_STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK);
    if (read_virtio(DEVICE_STATUS) & FEATURES_OK)
        fail("FEATURES_OK for features that were not offered");
}

static void status_at_random(void)
{
    const uint32_t values[] = {DRIVER_OK, 0xff, FEATURES_OK, ~0u, DEVICE_NEEDS_RESET, FAILED, 0x100, ACKNOWLEDGE};
    for (unsigned i = 0; i < sizeof values / sizeof *values; i++) {
        write_virtio(DEVICE_STATUS, values[i]);
        read_virtio(DEVICE_STATUS);
        notify_virtqueue(&queue);
    }
}

static void registers_of_odd_sizes(void)
{
    const enum virtio_register names[] = {
        DEVICE_FEATURES, QUEUE_NUM, INTERRUPT_STATUS, DEVICE_STATUS, QUEUE_DESC_LOW, CONFIG_GENERATION,
    };
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        access_oddly(virtio.registers[names[i]].address, ~0ul);
    access_oddly(virtio.doorbell(&queue), ~0ul);
    access_oddly(virtio.config, ~0ul);
}

static void ones_everywhere(void)
{
    for (unsigned name = 0; name < VIRTIO_REGISTERS; name++) {
        write32(virtio.registers[name].address & ~3ul, 0xffffffff);
        read32(virtio.registers[name].address & ~3ul);
    }
    for (unsigned offset = 0; offset < 64; offset += 4) {
        write32(virtio.config + offset, 0xffffffff);
        read32(virtio.config + offset);
    }
}

const struct attack virtio_transport_attacks[] = {
    {"descriptor table misaligned", misaligned_descriptors, REFUSE},
    {"available ring misaligned", misaligned_available_ring, REFUSE},
    {"used ring misaligned", misaligned_used_ring, REFUSE},
    {"descriptor table outside memory", descriptors_outside_memory, REFUSE},
    {"available ring outside memory", available_ring_outside_memory, REFUSE},
    {"used ring outside memory", used_ring_outside_memory, REFUSE},
    {"rings in the device's own registers", rings_in_device_registers, REFUSE},
    {"descriptor table across the end of memory", descriptors_across_end_of_memory, REFUSE},
    {"used ring across the end of memory", used_ring_across_end_of_memory, REFUSE},
    {"descriptor table whose end overflows 64 bits", overflowing_descriptors, REFUSE},
    {"all rings at one address", rings_one_upon_the_other, SURVIVE},
    {"queue of size 0", size_zero, SURVIVE},
    {"queue of size 3", size_three, SURVIVE},
    {"queues of size 65536 and 4294967295", huge_sizes, SURVIVE},
    {"rings moved while running", rings_moved_while_running, SURVIVE},
    {"absent queues made ready", absent_queues_made_ready, SURVIVE},
    {"absent queues notified", absent_queues_notified, KEEP_ON},
    {"notifications without buffers", notified_for_nothing, KEEP_ON},
    {"notification before DRIVER_OK", notified_too_early, SURVIVE},
    {"features that were not offered", features_not_offered, SURVIVE},
    {"status at random", status_at_random, SURVIVE},
    {"registers accessed in odd sizes", registers_of_odd_sizes, SURVIVE},
    {"ones written to every register", ones_everywhere, SURVIVE},
};
const unsigned virtio_transport_attack_count = sizeof virtio_transport_attacks / sizeof *virtio_transport_attacks;

/* Attacks on virtio-net by indirect tables: VIRTIO 1.2, section 2.7.5.3. Where the device offers them. */
#include "frame.h"
#include "print.h"
#include "virtio_attacks.h"
#include "wait.h"

enum { TABLE = 4 * ATTACKED_SIZE };
static struct virtqueue queue;
static struct virtq_desc table[TABLE] __attribute__((aligned(16)));
static struct {
    uint8_t header[12];
    struct frame frame;
} packet;

/*
 * A transmit queue whose descriptor 0 refers to a well-formed table: two descriptors, header and frame. The others of
 * the table are whole packets of their own.
 */
static void begin(void)
{
    begin_attack(1ul << VIRTIO_F_INDIRECT_DESC);
    set_up_virtqueue(&queue, TRANSMITQ1, ATTACKED_SIZE);
    prepare_frame(&packet.frame, MINIMUM_FRAME);
    number_frame(&packet.frame, MINIMUM_FRAME, 0);
    for (unsigned i = 0; i < TABLE; i++)
        table[i] = (struct virtq_desc){.addr = (uint64_t)&packet, .len = sizeof packet.header + MINIMUM_FRAME};
    table[0].len = sizeof packet.header;
    table[0].flags = VIRTQ_DESC_F_NEXT;
    table[0].next = 1;
    table[1] = (struct virtq_desc){.addr = (uint64_t)&packet.frame, .len = MINIMUM_FRAME};
    queue.desc[0] = (struct virtq_desc){
        .addr = (uint64_t)table, .len = 2 * sizeof *table, .flags = VIRTQ_DESC_F_INDIRECT};
    finish_virtio_setup();
}

static void notify(void)
{
    offer_descriptor(&queue, 0);
    publish_descriptors(&queue);
    notify_virtqueue(&queue);
}

static void transmit_table(uint64_t address, uint32_t length)
{
    begin();
    queue.desc[0].addr = address;
    queue.desc[0].len = length;
    notify();
}

static void notify_and_await(void)
{
    notify();
    WAIT_UNTIL(used_count(&queue) == 1, PATIENCE, "the packet was not sent");
}

static void well_formed(void)
{
    begin();
    notify_and_await();
}

/* Section 2.7.5.3.2: this flag says nothing in a descriptor that refers to a table. */
static void writable_reference(void)
{
    begin();
    queue.desc[0].flags |= VIRTQ_DESC_F_WRITE;
    notify_and_await();
}

/* Section 2.7.5.3.2: a chain may begin with normal descriptors and end with one reference to a table. */
static void behind_normal_descriptor(void)
{
    begin();
    queue.desc[1] = queue.desc[0];
    queue.desc[1].addr = (uint64_t)&table[1];
    queue.desc[1].len = sizeof *table;
    queue.desc[0] = table[0];
    notify_and_await();
}

static void length_zero(void)
{
    transmit_table((uint64_t)table, 0);
}

static void length_no_multiple(void)
{
    transmit_table((uint64_t)table, 2 * sizeof *table - 1);
}

static void length_of_4_gib(void)
{
    transmit_table((uint64_t)table, 0xfffffff0);
}

static void outside_memory(void)
{
    transmit_table(NOWHERE, 2 * sizeof *table);
}

static void in_device_registers(void)
{
    transmit_table(virtio.registers[DEVICE_STATUS].address & ~0xful, 2 * sizeof *table);
}

static void across_end_of_memory(void)
{
    transmit_table(memory_end() - 16, 2 * sizeof *table);
}

static void overflowing_address(void)
{
    transmit_table(LAST_BYTES, 2 * sizeof *table);
}

static void next_outside_table(void)
{
    begin();
    table[0].next = 2;
    notify();
}

static void loop(void)
{
    begin();
    table[1].flags = VIRTQ_DESC_F_NEXT;
    table[1].next = 0;
    notify();
}

static void nested(void)
{
    begin();
    table[1] = (struct virtq_desc){
        .addr = (uint64_t)&table[2], .len = 2 * sizeof *table, .flags = VIRTQ_DESC_F_INDIRECT};
    notify();
}

static void table_that_holds_itself(void)
{
    begin();
    table[0] = queue.desc[0];
    notify();
}

static void longer_than_queue(void)
{
    begin();
    for (unsigned i = 0; i + 1 < TABLE; i++) {
        table[i].flags = VIRTQ_DESC_F_NEXT;
        table[i].next = i + 1;
    }
    queue.desc[0].len = sizeof table;
    notify();
}

static void with_next(void)
{
    begin();
    queue.desc[0].flags |= VIRTQ_DESC_F_NEXT;
    queue.desc[0].next = 1;
    notify();
}

static void readable_after_writable(void)
{
    begin();
    table[0].flags |= VIRTQ_DESC_F_WRITE;
    notify();
}

static void buffer_outside_memory(void)
{
    begin();
    table[1].addr = NOWHERE;
    notify();
}

const struct attack virtio_indirect_attacks[] = {
    {"indirect table, well-formed", well_formed, SURVIVE},
    {"indirect table behind a writable reference", writable_reference, SURVIVE},
    {"indirect table behind a normal descriptor", behind_normal_descriptor, SURVIVE},
    {"indirect table of length 0", length_zero, REPORT},
    {"indirect table of half a descriptor", length_no_multiple, REPORT},
    {"indirect table of 4 GiB", length_of_4_gib, REPORT},
    {"indirect table outside memory", outside_memory, REPORT},
    {"indirect table in the device's own registers", in_device_registers, REPORT},
    {"indirect table across the end of memory", across_end_of_memory, REPORT},
    {"indirect table whose end overflows 64 bits", overflowing_address, REPORT},
    {"next descriptor outside the indirect table", next_outside_table, REPORT},
    {"indirect table that loops", loop, REPORT},
    {"indirect table in an indirect table", nested, REPORT},
    {"indirect table that holds itself", table_that_holds_itself, REPORT},
    {"chain in an indirect table longer than the queue", longer_than_queue, REPORT},
    {"indirect reference with a next descriptor", with_next, REPORT},
    {"readable behind writable in an indirect table", readable_after_writable, REPORT},
    {"buffer outside memory in an indirect table", buffer_outside_memory, REPORT},
};
const unsigned virtio_indirect_attack_count = sizeof virtio_indirect_attacks / sizeof *virtio_indirect_attacks;

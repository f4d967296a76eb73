/* Attacks on virtio-net by what stands in the shared memory of a queue: VIRTIO 1.2, section 2.7. */
#include "virtio_attacks.h"

#include "frame.h"

static struct virtqueue queue;
static uint8_t buffer[2048];

/* A device whose attacked queue is fresh. All descriptors are well-formed, each a whole packet of its own. */
static void begin(unsigned number, uint16_t flags)
{
    begin_attack(0);
    set_up_virtqueue(&queue, number, ATTACKED_SIZE);
    for (unsigned i = 0; i < queue.size; i++)
        queue.desc[i] = (struct virtq_desc){.addr = (uint64_t)buffer, .len = 12 + MINIMUM_FRAME, .flags = flags};
    finish_virtio_setup();
}

static void begin_transmission(void)
{
    begin(TRANSMITQ1, 0);
}

static void notify(uint16_t head)
{
    offer_descriptor(&queue, head);
    publish_descriptors(&queue);
    notify_virtqueue(&queue);
}

static void chain(uint16_t descriptor, uint16_t next)
{
    queue.desc[descriptor].flags |= VIRTQ_DESC_F_NEXT;
    queue.desc[descriptor].next = next;
}

static void transmit_from(uint64_t address, uint32_t length)
{
    begin_transmission();
    queue.desc[0].addr = address;
    queue.desc[0].len = length;
    notify(0);
}

static void loop_of_two(void)
{
    begin_transmission();
    chain(0, 1);
    chain(1, 0);
    notify(0);
}

static void loop_of_one(void)
{
    begin_transmission();
    queue.desc[0].len = 0;
    chain(0, 0);
    notify(0);
}

static void next_outside_table(void)
{
    begin_transmission();
    chain(0, queue.size);
    notify(0);
}

static void head_outside_table(void)
{
    begin_transmission();
    notify(0xffff);
}

static void outside_memory(void)
{
    transmit_from(NOWHERE, 12 + MINIMUM_FRAME);
}

static void in_device_registers(void)
{
    transmit_from(virtio.registers[DEVICE_STATUS].address, 12 + MINIMUM_FRAME);
}

static void across_end_of_memory(void)
{
    transmit_from(memory_end() - 16, 12 + MINIMUM_FRAME);
}

static void overflowing_address(void)
{
    transmit_from(LAST_BYTES, 12 + MINIMUM_FRAME);
}

static void overflowing_length(void)
{
    transmit_from((uint64_t)buffer, 0xffffffff);
}

/* Each descriptor lies in memory, but the sum of their lengths is beyond any frame. */
static void endless_packet(void)
{
    begin_transmission();
    for (unsigned i = 0; i < queue.size; i++) {
        queue.desc[i].addr = 0x100000;
        queue.desc[i].len = memory_end() - 0x100000;
        if (i + 1u < queue.size)
            chain(i, i + 1);
    }
    notify(0);
}

static void index_jumps(void)
{
    begin_transmission();
    queue.offered += queue.size;
    notify(0);
}

static void index_goes_back(void)
{
    begin_transmission();
    queue.offered = 0xfffe;
    notify(0);
}

static void indirect_not_negotiated(void)
{
    static struct virtq_desc table[2];
    begin_transmission();
    table[0] = queue.desc[1];
    queue.desc[0] = (struct virtq_desc){.addr = (uint64_t)table, .len = sizeof table, .flags = VIRTQ_DESC_F_INDIRECT};
    notify(0);
}

static void indirect_and_next(void)
{
    begin_transmission();
    chain(0, 1);
    queue.desc[0].flags |= VIRTQ_DESC_F_INDIRECT;
    notify(0);
}

static void readable_after_writable(void)
{
    begin_transmission();
    queue.desc[0].flags |= VIRTQ_DESC_F_WRITE;
    chain(0, 1);
    notify(0);
}

static void only_writable(void)
{
    begin(TRANSMITQ1, VIRTQ_DESC_F_WRITE);
    notify(0);
}

static void shorter_than_header(void)
{
    transmit_from((uint64_t)buffer, 11);
}

static void of_length_zero(void)
{
    transmit_from((uint64_t)buffer, 0);
}

/* A well-formed frame goes out, and with a reflector comes back into the receive queue under attack. */
static void reflect_into_queue(void)
{
    static struct virtqueue transmitq;
    static struct {
        uint8_t header[12];
        struct frame frame;
    } packet;
    prepare_frame(&packet.frame, MINIMUM_FRAME);
    number_frame(&packet.frame, MINIMUM_FRAME, 0);
    set_up_virtqueue(&transmitq, TRANSMITQ1, ATTACKED_SIZE);
    transmitq.desc[0] = (struct virtq_desc){.addr = (uint64_t)&packet, .len = 12 + MINIMUM_FRAME};
    finish_virtio_setup();
    publish_and_notify(&queue);
    offer_descriptor(&transmitq, 0);
    publish_and_notify(&transmitq);
}

static void receive_with(struct virtq_desc descriptor, uint16_t head)
{
    begin_attack(0);
    set_up_virtqueue(&queue, RECEIVEQ1, ATTACKED_SIZE);
    queue.desc[0] = descriptor;
    offer_descriptor(&queue, head);
    reflect_into_queue();
}

static void receive_outside_memory(void)
{
    receive_with((struct virtq_desc){.addr = NOWHERE, .len = sizeof buffer, .flags = VIRTQ_DESC_F_WRITE}, 0);
}

static void receive_across_end_of_memory(void)
{
    receive_with((struct virtq_desc){.addr = memory_end() - 16, .len = sizeof buffer, .flags = VIRTQ_DESC_F_WRITE}, 0);
}

static void receive_into_readable(void)
{
    receive_with((struct virtq_desc){.addr = (uint64_t)buffer, .len = sizeof buffer}, 0);
}

static void receive_into_too_little(void)
{
    receive_with((struct virtq_desc){.addr = (uint64_t)buffer, .len = 16, .flags = VIRTQ_DESC_F_WRITE}, 0);
}

static void receive_into_loop(void)
{
    enum { FLAGS = VIRTQ_DESC_F_WRITE | VIRTQ_DESC_F_NEXT };
    receive_with((struct virtq_desc){.addr = (uint64_t)buffer, .len = 4, .flags = FLAGS, .next = 0}, 0);
}

static void receive_head_outside_table(void)
{
    const struct virtq_desc descriptor = {.addr = (uint64_t)buffer, .len = sizeof buffer, .flags = VIRTQ_DESC_F_WRITE};
    receive_with(descriptor, 0xffff);
}

const struct attack virtio_ring_attacks[] = {
    {"chain that loops", loop_of_two, REPORT},
    {"empty descriptor that is its own next", loop_of_one, REPORT},
    {"next descriptor outside the table", next_outside_table, REPORT},
    {"head outside the table", head_outside_table, REPORT},
    {"buffer outside memory", outside_memory, REPORT},
    {"buffer in the device's own registers", in_device_registers, REPORT},
    {"buffer across the end of memory", across_end_of_memory, REPORT},
    {"buffer whose end overflows 64 bits", overflowing_address, REPORT},
    {"buffer of 4 GiB - 1", overflowing_length, REPORT},
    {"packet of hundreds of megabytes", endless_packet, SURVIVE},
    {"available index ahead by more than the queue", index_jumps, REPORT},
    {"available index moved back", index_goes_back, REPORT},
    {"indirect table that was not negotiated", indirect_not_negotiated, REPORT},
    {"indirect descriptor with a next one", indirect_and_next, REPORT},
    {"readable descriptor behind a writable one", readable_after_writable, REPORT},
    {"transmit buffer that is writable", only_writable, SURVIVE},
    {"transmit buffer shorter than the header", shorter_than_header, SURVIVE},
    {"transmit buffer of length 0", of_length_zero, SURVIVE},
    {"receive buffer outside memory", receive_outside_memory, SURVIVE},
    {"receive buffer across the end of memory", receive_across_end_of_memory, SURVIVE},
    {"receive buffer that is only readable", receive_into_readable, SURVIVE},
    {"receive buffer of 16 bytes", receive_into_too_little, SURVIVE},
    {"receive chain that loops", receive_into_loop, SURVIVE},
    {"receive head outside the table", receive_head_outside_table, SURVIVE},
};
const unsigned virtio_ring_attack_count = sizeof virtio_ring_attacks / sizeof *virtio_ring_attacks;

/* virtio over MMIO: found on the command line, set up, notified, and its interrupt. */
#include "virtio_mmio.h"

#include "interrupts.h"
#include "keys.h"
#include "wait.h"

uint64_t virtio_registers;
volatile uint64_t virtio_interrupts;
static unsigned irq;

/* As Linux has it (drivers/virtio/virtio_mmio.c): SIZE@ADDRESS:IRQ */
static void parse_place(const char *place)
{
    while (*place != '@')
        if (*place++ <= ' ')
            fail("virtio_mmio.device= names no address");
    virtio_registers = parse_number(place + 1, &place);
    if (*place != ':')
        fail("virtio_mmio.device= names no interrupt");
    irq = parse_number(place + 1, &place);
}

bool find_virtio_mmio(uint32_t device_id)
{
    enum { MAGIC = 0x74726976 };
    const char *place;
    for (unsigned n = 0; (place = command_line_value("virtio_mmio.device", n)); n++) {
        parse_place(place);
        if (read_virtio(MAGIC_VALUE) == MAGIC && read_virtio(VERSION) == 2 && read_virtio(DEVICE_ID) == device_id)
            return true;
    }
    return false;
}

/* Section 4.2.3.1.1: the device is reset when Status reads 0. */
static void reset_device(void)
{
    write_virtio(DEVICE_STATUS, 0);
    WAIT_UNTIL(read_virtio(DEVICE_STATUS) == 0, REGISTER_PATIENCE, "the virtio device does not come out of its reset");
}

void begin_virtio_setup(void)
{
    enum { HIGH_HALF = 1, VERSION_1 = 1 << (VIRTIO_F_VERSION_1 - 32) };
    reset_device();
    write_virtio(DEVICE_STATUS, ACKNOWLEDGE);
    write_virtio(DEVICE_STATUS, ACKNOWLEDGE | DRIVER);
    write_virtio(DEVICE_FEATURES_SEL, HIGH_HALF);
    if (!(read_virtio(DEVICE_FEATURES) & VERSION_1))
        fail("the virtio device does not offer VERSION_1");
    write_virtio(DRIVER_FEATURES_SEL, 0);
    write_virtio(DRIVER_FEATURES, 0);
    write_virtio(DRIVER_FEATURES_SEL, HIGH_HALF);
    write_virtio(DRIVER_FEATURES, VERSION_1);
    write_virtio(DEVICE_STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK);
    if (!(read_virtio(DEVICE_STATUS) & FEATURES_OK))
        fail("the virtio device refuses VERSION_1 alone");
}

static unsigned queue_size_for(unsigned entries, unsigned maximum)
{
    unsigned size = 1;
    while (size < entries && size < maximum && size < VIRTQUEUE_MAXIMUM_SIZE)
        size *= 2;
    return size;
}

static void write_address(unsigned low, const volatile void *address)
{
    write_virtio(low, (uint64_t)address);
    write_virtio(low + 4, (uint64_t)address >> 32);
}

/* Section 4.2.3.2 */
void set_up_virtqueue(struct virtqueue *queue, unsigned number, unsigned entries)
{
    write_virtio(QUEUE_SEL, number);
    unsigned maximum = read_virtio(QUEUE_NUM_MAX);
    if (maximum == 0 || read_virtio(QUEUE_READY) != 0)
        fail("the virtio device has no free queue %lu", (uint64_t)number);
    __builtin_memset(queue, 0, sizeof *queue);
    queue->number = number;
    queue->size = queue_size_for(entries, maximum);
    write_virtio(QUEUE_NUM, queue->size);
    write_address(QUEUE_DESC_LOW, &queue->desc);
    write_address(QUEUE_DRIVER_LOW, &queue->avail);
    write_address(QUEUE_DEVICE_LOW, &queue->used);
    write_virtio(QUEUE_READY, 1);
}

void finish_virtio_setup(void)
{
    write_virtio(DEVICE_STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
}

void publish_and_notify(struct virtqueue *queue)
{
    publish_descriptors(queue);
    if (wants_notification(queue))
        write_virtio(QUEUE_NOTIFY, queue->number);
}

/* Section 4.2.3.4 */
INTERRUPT_HANDLER(virtio_interrupt)
{
    write_virtio(INTERRUPT_ACK, read_virtio(INTERRUPT_STATUS));
    virtio_interrupts++;
    end_of_interrupt(irq);
}

void enable_virtio_interrupts(void)
{
    connect_interrupt(irq, virtio_interrupt);
    allow_interrupts();
}

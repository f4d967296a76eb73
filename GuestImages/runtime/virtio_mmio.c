/* virtio over MMIO, version 2: VIRTIO 1.2, section 4.2. Found on the command line; each register has 32 bits. */
#include "interrupts.h"
#include "keys.h"
#include "print.h"
#include "virtio_mmio.h"

static uint64_t base;
static unsigned irq;

/* As Linux has it (drivers/virtio/virtio_mmio.c): SIZE@ADDRESS:IRQ */
static void parse_place(const char *place)
{
    while (*place != '@')
        if (*place++ <= ' ')
            fail("virtio_mmio.device= names no address");
    base = parse_number(place + 1, &place);
    if (*place != ':')
        fail("virtio_mmio.device= names no interrupt");
    irq = parse_number(place + 1, &place);
}

/* Section 4.2.3.4. Two accesses: status, acknowledge. */
INTERRUPT_HANDLER(line_is_high)
{
    write32(base + MMIO_INTERRUPT_ACK, read32(base + MMIO_INTERRUPT_STATUS));
    virtio_interrupts++;
    end_of_interrupt(irq);
}

static void connect(enum virtio_interrupts interrupts)
{
    if (interrupts == BY_MESSAGE)
        fail("virtio over MMIO has no messages");
    if (interrupts == NO_INTERRUPTS)
        return;
    connect_interrupt(irq, line_is_high);
    allow_interrupts();
}

static uint64_t doorbell(const struct virtqueue *queue)
{
    (void)queue;
    return base + MMIO_QUEUE_NOTIFY;
}

/* Section 4.2.2 */
static const uint16_t offsets[VIRTIO_REGISTERS] = {
    [DEVICE_FEATURES] = 0x010,
    [DEVICE_FEATURES_SEL] = 0x014,
    [DRIVER_FEATURES] = 0x020,
    [DRIVER_FEATURES_SEL] = 0x024,
    [QUEUE_SEL] = 0x030,
    [QUEUE_NUM_MAX] = 0x034,
    [QUEUE_NUM] = 0x038,
    [QUEUE_READY] = 0x044,
    [INTERRUPT_STATUS] = MMIO_INTERRUPT_STATUS,
    [DEVICE_STATUS] = 0x070,
    [QUEUE_DESC_LOW] = 0x080,
    [QUEUE_DESC_HIGH] = 0x084,
    [QUEUE_DRIVER_LOW] = 0x090,
    [QUEUE_DRIVER_HIGH] = 0x094,
    [QUEUE_DEVICE_LOW] = 0x0a0,
    [QUEUE_DEVICE_HIGH] = 0x0a4,
    [CONFIG_GENERATION] = 0x0fc,
};

static void use_device(void)
{
    virtio = (struct virtio_device){
        .config = base + MMIO_CONFIG,
        .notification_size = 4,
        .doorbell = doorbell,
        .connect = connect,
    };
    for (unsigned i = 0; i < VIRTIO_REGISTERS; i++)
        virtio.registers[i] = (struct register_place){base + offsets[i], 4};
}

bool find_virtio_mmio(uint32_t device_id)
{
    enum { MAGIC = 0x74726976, VERSION = 2 };
    const char *place;
    for (unsigned n = 0; (place = command_line_value("virtio_mmio.device", n)); n++) {
        parse_place(place);
        if (read32(base + MMIO_MAGIC_VALUE) == MAGIC && read32(base + MMIO_VERSION) == VERSION &&
            read32(base + MMIO_DEVICE_ID) == device_id) {
            use_device();
            return true;
        }
    }
    return false;
}

/* A virtio device: set up, and notified. */
#include "virtio.h"

#include "wait.h"

struct virtio_device virtio;
volatile uint64_t virtio_interrupts;
static uint64_t features;
static enum virtio_interrupts interrupts;

/* Sections 4.2.3.1.1 and 4.1.4.3.2: the device is reset when the status reads 0. */
static void reset_device(void)
{
    write_virtio(DEVICE_STATUS, 0);
    WAIT_UNTIL(read_virtio(DEVICE_STATUS) == 0, REGISTER_PATIENCE, "the virtio device does not come out of its reset");
}

uint64_t offered_virtio_features(void)
{
    uint64_t offered = 0;
    for (unsigned half = 0; half < 2; half++) {
        write_virtio(DEVICE_FEATURES_SEL, half);
        offered |= (uint64_t)read_virtio(DEVICE_FEATURES) << 32 * half;
    }
    return offered;
}

static void write_features(void)
{
    for (unsigned half = 0; half < 2; half++) {
        write_virtio(DRIVER_FEATURES_SEL, half);
        write_virtio(DRIVER_FEATURES, features >> 32 * half);
    }
}

void begin_virtio_setup(uint64_t wanted, enum virtio_interrupts how)
{
    interrupts = how;
    features = wanted | 1ul << VIRTIO_F_VERSION_1;
    reset_device();
    virtio.connect(interrupts);
    write_virtio(DEVICE_STATUS, ACKNOWLEDGE);
    write_virtio(DEVICE_STATUS, ACKNOWLEDGE | DRIVER);
    uint64_t lacking = features & ~offered_virtio_features();
    if (lacking)
        fail("the virtio device does not offer feature %lu", (uint64_t)__builtin_ctzl(lacking));
    write_features();
    write_virtio(DEVICE_STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK);
    if (!(read_virtio(DEVICE_STATUS) & FEATURES_OK))
        fail("the virtio device refuses the features 0x%lx, which it offers", features);
}

static unsigned queue_size_for(unsigned entries, unsigned maximum)
{
    unsigned size = 1;
    while (size < entries && size < maximum && size < VIRTQUEUE_MAXIMUM_SIZE)
        size *= 2;
    return size;
}

static void write_address(enum virtio_register low, const volatile void *address)
{
    write_virtio(low, (uint64_t)address);
    write_virtio(low + 1, (uint64_t)address >> 32);
}

/* Sections 4.2.3.2 and 4.1.5.1.3 */
void set_up_virtqueue(struct virtqueue *queue, unsigned number, unsigned entries)
{
    write_virtio(QUEUE_SEL, number);
    unsigned maximum = read_virtio(QUEUE_NUM_MAX);
    if (maximum == 0 || read_virtio(QUEUE_READY) != 0)
        fail("the virtio device has no free queue %lu", (uint64_t)number);
    __builtin_memset(queue, 0, sizeof *queue);
    queue->number = number;
    queue->size = queue_size_for(entries, maximum);
    queue->event_idx = features >> VIRTIO_F_EVENT_IDX & 1;
    queue->doorbell = virtio.doorbell(queue);
    write_virtio(QUEUE_NUM, queue->size);
    write_address(QUEUE_DESC_LOW, &queue->desc);
    write_address(QUEUE_DRIVER_LOW, &queue->avail);
    write_address(QUEUE_DEVICE_LOW, &queue->used);
    if (interrupts == BY_MESSAGE)
        virtio.assign_message(queue);
    write_virtio(QUEUE_READY, 1);
}

void finish_virtio_setup(void)
{
    write_virtio(DEVICE_STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
}

void notify_virtqueue(const struct virtqueue *queue)
{
    if (virtio.notification_size == 2)
        write16(queue->doorbell, queue->number);
    else
        write32(queue->doorbell, queue->number);
}

void publish_and_notify(struct virtqueue *queue)
{
    if (publish_descriptors(queue))
        notify_virtqueue(queue);
}

/* virtio over PCI, modern: VIRTIO 1.2, section 4.1. */
#include "virtio_pci.h"

#include "interrupts.h"
#include "pci.h"
#include "print.h"

struct virtio_pci virtio_pci;
static unsigned irq;

/* Section 4.1.4: struct virtio_pci_cap. */
enum { CAP_TYPE = 3, CAP_BAR = 4, CAP_OFFSET = 8, CAP_LENGTH = 12, CAP_NOTIFY_MULTIPLIER = 16 };
enum { CAP_COMMON_CFG = 1, CAP_NOTIFY_CFG = 2, CAP_ISR_CFG = 3, CAP_DEVICE_CFG = 4 };

/* The address of the structure of this type; `capability` is where the configuration space tells of it. */
static uint64_t find_structure(int device, uint8_t type, unsigned *capability)
{
    for (unsigned at = 0; (at = find_pci_capability(device, PCI_CAPABILITY_VENDOR, at));) {
        if (read_pci(device, at) >> 8 * CAP_TYPE != type)
            continue;
        unsigned bar = read_pci(device, at + CAP_BAR) & 0xff;
        if (bar > 5) /* reserved: to be passed over */
            continue;
        *capability = at;
        return pci_bar(device, bar) + read_pci(device, at + CAP_OFFSET);
    }
    fail("the virtio device on PCI has no structure of type %lu", (uint64_t)type);
}

uint64_t msix_table(unsigned *entries)
{
    enum { TABLE = 4, BAR_INDICATOR = 7 };
    uint32_t place = read_pci(virtio_pci.device, virtio_pci.msix + TABLE);
    *entries = (read_pci(virtio_pci.device, virtio_pci.msix) >> 16 & MSIX_TABLE_SIZE) + 1;
    return pci_bar(virtio_pci.device, place & BAR_INDICATOR) + (place & ~(uint32_t)BAR_INDICATOR);
}

void set_msix_control(uint16_t value)
{
    if (virtio_pci.msix)
        write_pci(virtio_pci.device, virtio_pci.msix, (uint32_t)value << 16);
}

/* Section 4.1.4.5: reading the ISR status lowers the line. One access. */
INTERRUPT_HANDLER(line_is_high)
{
    read8(virtio_pci.isr);
    virtio_interrupts++;
    end_of_interrupt(irq);
}

/* No access. */
INTERRUPT_HANDLER(message_came)
{
    virtio_interrupts++;
    write_lapic(LAPIC_EOI, 0);
}

static unsigned message_of(unsigned queue)
{
    return queue + 1; /* message 0 is for changes of the configuration */
}

static void connect_entry(uint64_t table, unsigned message)
{
    uint64_t entry = table + message * MSIX_ENTRY_SIZE;
    connect_message(VECTOR_MESSAGE + message, message_came);
    write32(entry + MSIX_ENTRY_ADDRESS, MESSAGE_ADDRESS);
    write32(entry + MSIX_ENTRY_ADDRESS + 4, 0);
    write32(entry + MSIX_ENTRY_DATA, VECTOR_MESSAGE + message);
    write32(entry + MSIX_ENTRY_CONTROL, 0);
}

static void connect_messages(void)
{
    unsigned entries;
    if (!virtio_pci.msix)
        fail("the virtio device on PCI has no MSI-X");
    uint64_t table = msix_table(&entries);
    set_msix_control(MSIX_CONTROL_ENABLE | MSIX_CONTROL_MASK);
    for (unsigned message = 0; message < MESSAGES && message < entries; message++)
        connect_entry(table, message);
    set_msix_control(MSIX_CONTROL_ENABLE);
    write16(virtio_pci.common + COMMON_CONFIG_MSIX_VECTOR, 0);
}

static void connect(enum virtio_interrupts interrupts)
{
    set_msix_control(0);
    if (interrupts == BY_MESSAGE) {
        connect_messages();
    } else if (interrupts == BY_LINE) {
        irq = pci_interrupt_line(virtio_pci.device);
        connect_interrupt(irq, line_is_high);
    }
    if (interrupts != NO_INTERRUPTS)
        allow_interrupts();
}

/* Section 4.1.5.1.2.1: a device that has no resources for the message answers with NO_VECTOR. */
static void assign_message(const struct virtqueue *queue)
{
    uint64_t vector = virtio_pci.common + COMMON_QUEUE_MSIX_VECTOR;
    write16(vector, message_of(queue->number));
    if (read16(vector) != message_of(queue->number))
        fail("queue %lu gets no message", (uint64_t)queue->number);
}

/* Section 4.1.4.4 */
static uint64_t doorbell(const struct virtqueue *queue)
{
    (void)queue;
    return virtio_pci.notify + read16(virtio_pci.common + COMMON_QUEUE_NOTIFY_OFF) * virtio_pci.notify_multiplier;
}

/* Section 4.1.4.3. The maximum of a queue's size is its size before the driver writes one. */
static const struct {
    uint8_t offset, size;
} common[VIRTIO_REGISTERS] = {
    [DEVICE_FEATURES_SEL] = {0x00, 4},
    [DEVICE_FEATURES] = {0x04, 4},
    [DRIVER_FEATURES_SEL] = {0x08, 4},
    [DRIVER_FEATURES] = {0x0c, 4},
    [DEVICE_STATUS] = {0x14, 1},
    [CONFIG_GENERATION] = {0x15, 1},
    [QUEUE_SEL] = {0x16, 2},
    [QUEUE_NUM_MAX] = {0x18, 2},
    [QUEUE_NUM] = {0x18, 2},
    [QUEUE_READY] = {0x1c, 2},
    [QUEUE_DESC_LOW] = {0x20, 4},
    [QUEUE_DESC_HIGH] = {0x24, 4},
    [QUEUE_DRIVER_LOW] = {0x28, 4},
    [QUEUE_DRIVER_HIGH] = {0x2c, 4},
    [QUEUE_DEVICE_LOW] = {0x30, 4},
    [QUEUE_DEVICE_HIGH] = {0x34, 4},
};

static void use_device(void)
{
    virtio = (struct virtio_device){
        .notification_size = 2,
        .doorbell = doorbell,
        .connect = connect,
        .assign_message = assign_message,
    };
    for (unsigned i = 0; i < VIRTIO_REGISTERS; i++)
        virtio.registers[i] = (struct register_place){virtio_pci.common + common[i].offset, common[i].size};
    virtio.registers[INTERRUPT_STATUS] = (struct register_place){virtio_pci.isr, 1};
}

bool find_virtio_pci(uint32_t device_id)
{
    enum { FIRST_MODERN_IDENTITY = 0x10401af4 }; /* section 4.1.2: 0x1040 and the device's ID */
    int device = find_pci_device(FIRST_MODERN_IDENTITY + (device_id << 16));
    unsigned capability, entries;
    if (device < 0)
        return false;
    virtio_pci.device = device;
    virtio_pci.common = find_structure(device, CAP_COMMON_CFG, &capability);
    virtio_pci.isr = find_structure(device, CAP_ISR_CFG, &capability);
    virtio_pci.notify = find_structure(device, CAP_NOTIFY_CFG, &capability);
    virtio_pci.notify_multiplier = read_pci(device, capability + CAP_NOTIFY_MULTIPLIER);
    virtio_pci.msix = find_pci_capability(device, PCI_CAPABILITY_MSIX, 0);
    use_device();
    virtio.config = find_structure(device, CAP_DEVICE_CFG, &capability);
    if (virtio_pci.msix)
        msix_table(&entries); /* places its BAR */
    enable_pci_device(device);
    return true;
}

/*
 * Attacks on virtio-net by what PCI alone has: VIRTIO 1.2, section 4.1, and MSI-X of PCI Local Bus Specification 3.0.
 */
#include "frame.h"
#include "pci.h"
#include "print.h"
#include "virtio_attacks.h"
#include "virtio_pci.h"
#include "wait.h"

enum { PAGE = 0x1000 };

static struct virtqueue queue;
static struct {
    uint8_t header[12];
    struct frame frame;
} packet;

/* A transmit queue that interrupts by the message `vector`, if it gets it. Returns what the device answers. */
static uint16_t begin_with_message(uint16_t vector)
{
    begin_attack(0);
    set_up_virtqueue(&queue, TRANSMITQ1, ATTACKED_SIZE);
    write16(virtio_pci.common + COMMON_QUEUE_MSIX_VECTOR, vector);
    uint16_t answer = read16(virtio_pci.common + COMMON_QUEUE_MSIX_VECTOR);
    finish_virtio_setup();
    return answer;
}

static void transmit_one(void)
{
    prepare_frame(&packet.frame, MINIMUM_FRAME);
    number_frame(&packet.frame, MINIMUM_FRAME, 0);
    queue.desc[0] = (struct virtq_desc){.addr = (uint64_t)&packet, .len = sizeof packet.header + MINIMUM_FRAME};
    offer_descriptor(&queue, 0);
    publish_and_notify(&queue);
    WAIT_UNTIL(used_count(&queue) == 1, PATIENCE, "the frame was not sent");
    take_used(&queue);
}

static void fill_entry(unsigned message, uint64_t address, uint32_t data, uint32_t control)
{
    unsigned entries;
    uint64_t entry = msix_table(&entries) + message * MSIX_ENTRY_SIZE;
    write32(entry + MSIX_ENTRY_ADDRESS, address);
    write32(entry + MSIX_ENTRY_ADDRESS + 4, address >> 32);
    write32(entry + MSIX_ENTRY_DATA, data);
    write32(entry + MSIX_ENTRY_CONTROL, control);
}

/*
 * Messages to wherever. The data is ones, a delivery mode (ExtINT) that KVM's APIC takes no notice of, or a vector
 * that stays pending, since this image never lets an interrupt in; others could be an NMI or INIT to the attacker
 * itself.
 */
static void messages_to_anywhere(void)
{
    const struct { uint64_t address; uint32_t data; } messages[] = {
        {0, ~0u}, {~0ul, ~0u}, {NOWHERE, ~0u}, {(uint64_t)&queue, ~0u}, {virtio_pci.common, ~0u},
        {0xfeefff00, 0x51}, {0xfee00000, 0x51}, {memory_end() - 2, ~0u}, {1ul << 40, 0x51},
    };
    for (unsigned i = 0; i < sizeof messages / sizeof *messages; i++) {
        set_msix_control(MSIX_CONTROL_ENABLE);
        fill_entry(1, messages[i].address, messages[i].data, 0);
        begin_with_message(1);
        set_msix_control(MSIX_CONTROL_ENABLE);
        transmit_one();
    }
    set_msix_control(0);
}

/* Section 4.1.5.1.2.1: a vector that cannot be mapped reads back as NO_VECTOR. */
static void messages_beyond_table(void)
{
    unsigned entries;
    msix_table(&entries);
    const uint16_t absent[] = {entries, 0x7ff, 0x8000, 0xfffe};
    for (unsigned i = 0; i < sizeof absent / sizeof *absent; i++) {
        if (begin_with_message(absent[i]) != VIRTIO_MSI_NO_VECTOR)
            fail("message %lu of %lu is there", (uint64_t)absent[i], (uint64_t)entries);
        set_msix_control(MSIX_CONTROL_ENABLE);
        transmit_one();
        set_msix_control(0);
        write16(virtio_pci.common + COMMON_CONFIG_MSIX_VECTOR, absent[i]);
        if (read16(virtio_pci.common + COMMON_CONFIG_MSIX_VECTOR) != VIRTIO_MSI_NO_VECTOR)
            fail("message %lu of %lu is there for the configuration", (uint64_t)absent[i], (uint64_t)entries);
    }
}

/* PCI 3.0, section 6.8.2.9 and .10: a masked message waits in the PBA until its mask goes, and is sent then. */
static void masked_messages(void)
{
    enum { PBA = 8, BAR_INDICATOR = 7, MESSAGE = 1, VECTOR = 0x51 };
    uint32_t place = read_pci(virtio_pci.device, virtio_pci.msix + PBA);
    uint64_t pending = pci_bar(virtio_pci.device, place & BAR_INDICATOR) + (place & ~(uint32_t)BAR_INDICATOR);
    begin_with_message(MESSAGE);
    fill_entry(MESSAGE, 0xfee00000, VECTOR, MSIX_ENTRY_MASKED);
    set_msix_control(MSIX_CONTROL_ENABLE);
    transmit_one();
    if (!(read32(pending) >> MESSAGE & 1))
        fail("a masked message is not pending");
    write32(pending, 0); /* it is read-only */
    if (!(read32(pending) >> MESSAGE & 1))
        fail("a pending message was written away");
    fill_entry(MESSAGE, 0xfee00000, VECTOR, 0);
    if (read32(pending) >> MESSAGE & 1)
        fail("a message that is not masked is pending");
    set_msix_control(0);
}

/* The mask of one message, and of all, off and on while it is sent. */
static void masks_in_turn(void)
{
    begin_with_message(1);
    for (unsigned i = 0; i < 64; i++) {
        fill_entry(1, 0xfee00000, 0x51, i & 1);
        set_msix_control(i & 2 ? MSIX_CONTROL_ENABLE : MSIX_CONTROL_ENABLE | MSIX_CONTROL_MASK);
        transmit_one();
        set_msix_control(i & 4 ? 0 : MSIX_CONTROL_ENABLE);
    }
    set_msix_control(0);
}

static void table_in_odd_sizes(void)
{
    unsigned entries;
    uint64_t table = msix_table(&entries);
    for (unsigned offset = 0; offset < entries * MSIX_ENTRY_SIZE; offset += 4)
        access_oddly(table + offset, ~0ul);
    read32(table + entries * MSIX_ENTRY_SIZE);
    write32(table + entries * MSIX_ENTRY_SIZE, ~0u);
    write32((table | (PAGE - 1)) - 3, ~0u);
    read32((table | (PAGE - 1)) - 3);
}

/* Section 4.1.4.9: a window into the BARs, for those who reach the configuration space alone. */
static void configuration_access_anywhere(void)
{
    enum { CAP_PCI_CFG = 5, BAR = 4, OFFSET = 8, LENGTH = 12, DATA = 16 };
    unsigned at = 0;
    while ((at = find_pci_capability(virtio_pci.device, PCI_CAPABILITY_VENDOR, at)))
        if (read_pci(virtio_pci.device, at) >> 24 == CAP_PCI_CFG)
            break;
    if (!at)
        fail("there is no PCI configuration access capability");
    const uint32_t bars[] = {0, 1, 2, 4, 5, 6, 0xff}, lengths[] = {0, 1, 2, 3, 4, 8, 0xffffffff};
    const uint32_t offsets[] = {0x38, 0xffc, 0x3fff, 0x4000, 0xffffff00, 0xffffffff};
    for (unsigned b = 0; b < sizeof bars / sizeof *bars; b++)
        for (unsigned o = 0; o < sizeof offsets / sizeof *offsets; o++)
            for (unsigned l = 0; l < sizeof lengths / sizeof *lengths; l++) {
                write_pci(virtio_pci.device, at + BAR, bars[b]);
                write_pci(virtio_pci.device, at + OFFSET, offsets[o]);
                write_pci(virtio_pci.device, at + LENGTH, lengths[l]);
                read_pci(virtio_pci.device, at + DATA);
                write_pci(virtio_pci.device, at + DATA, 0xffffffff);
            }
}

/* The ends of the structures, and what lies between them. */
static void structures_out_of_range(void)
{
    const uint64_t structures[] = {virtio_pci.common, virtio_pci.isr, virtio_pci.notify, virtio.config};
    for (unsigned i = 0; i < sizeof structures / sizeof *structures; i++) {
        uint64_t last = (structures[i] | (PAGE - 1)) - 3;
        read32(last);
        write32(last, 0xffffffff);
        write16(last + 2, 0xffff);
        read8(last + 3);
    }
}

/* Addresses that are taken, that are none, that wrap; and memory off while the queue is live. */
static void bars_moved_around(void)
{
    begin_with_message(VIRTIO_MSI_NO_VECTOR);
    move_bars(virtio_pci.device);
    transmit_one();
}

const struct attack virtio_pci_attacks[] = {
    {"messages to anywhere", messages_to_anywhere, SURVIVE},
    {"messages beyond the table", messages_beyond_table, SURVIVE},
    {"masked messages", masked_messages, SURVIVE},
    {"masks in turn", masks_in_turn, SURVIVE},
    {"message table in odd sizes", table_in_odd_sizes, SURVIVE},
    {"access through the configuration space to anywhere", configuration_access_anywhere, SURVIVE},
    {"structures out of range", structures_out_of_range, SURVIVE},
    {"BARs moved around", bars_moved_around, SURVIVE},
};
const unsigned virtio_pci_attack_count = sizeof virtio_pci_attacks / sizeof *virtio_pci_attacks;

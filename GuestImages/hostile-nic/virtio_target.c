/* virtio-net under attack: what it owes, and the well-formed frames in between. */
#include "print.h"
#include "virtio_attacks.h"
#include "wait.h"

enum { POLLS_FOR_DUTY = 100000, POLLS_FOR_CURIOSITY = 64 };

static bool find_mmio(void)
{
    return find_virtio_mmio(NETWORK_CARD);
}

static bool find_pci(void)
{
    return find_virtio_pci(NETWORK_CARD);
}

static bool find_mmio_with_tables(void)
{
    return find_mmio() && offered_virtio_features() >> VIRTIO_F_INDIRECT_DESC & 1;
}

static bool find_pci_with_tables(void)
{
    return find_pci() && offered_virtio_features() >> VIRTIO_F_INDIRECT_DESC & 1;
}

/* A device may serve a notification after the driver has gone on: so look more than once. */
static bool reports_within(unsigned polls)
{
    while (polls-- > 0)
        if (read_virtio(DEVICE_STATUS) & DEVICE_NEEDS_RESET)
            return true;
    return false;
}

static bool queue_is_ready(void)
{
    return read_virtio(QUEUE_READY) != 0;
}

/* Section 2.1.2: once DRIVER_OK is set, DEVICE_NEEDS_RESET comes with a configuration change notification. */
static void check_notification(void)
{
    enum { CONFIGURATION_CHANGE = 1 << 1 };
    if ((read_virtio(DEVICE_STATUS) & DRIVER_OK) && !(read_virtio(INTERRUPT_STATUS) & CONFIGURATION_CHANGE))
        fail("DEVICE_NEEDS_RESET without a configuration change notification");
}

static const char *check_virtio(enum duty duty)
{
    if (duty == REFUSE && !queue_is_ready())
        return "queue refused";
    if (reports_within(duty == REPORT || duty == REFUSE ? POLLS_FOR_DUTY : POLLS_FOR_CURIOSITY)) {
        if (duty == KEEP_ON)
            fail("DEVICE_NEEDS_RESET, for nothing that would need it");
        if (duty == REPORT)
            check_notification();
        return "DEVICE_NEEDS_RESET";
    }
    if (duty == REPORT || duty == REFUSE)
        fail("no DEVICE_NEEDS_RESET");
    return duty == KEEP_ON ? "kept on" : "survived";
}

static void restart_virtio_net(void)
{
    start_virtio_net(&(struct virtio_net_options){.batch = 1, .size = MINIMUM_FRAME});
}

static void transmit_frame(uint64_t sequence)
{
    transmit_by_virtio_net(sequence, 1);
    await_virtio_net_transmitter();
}

#define VIRTIO_TARGET(text, finder, list)   \
    {                                       \
        .name = text,                       \
        .find = finder,                     \
        .attacks = list##_attacks,          \
        .count = &list##_attack_count,      \
        .check = check_virtio,              \
        .reset = restart_virtio_net,        \
        .transmit = transmit_frame,         \
    }
const struct target virtio_targets[] = {
    VIRTIO_TARGET("virtio-net", find_mmio, virtio_ring),
    VIRTIO_TARGET("virtio-net", find_mmio_with_tables, virtio_indirect),
    VIRTIO_TARGET("virtio-net", find_mmio, virtio_transport),
    VIRTIO_TARGET("virtio-net", find_mmio, virtio_mmio),
    VIRTIO_TARGET("virtio-net-pci", find_pci, virtio_ring),
    VIRTIO_TARGET("virtio-net-pci", find_pci_with_tables, virtio_indirect),
    VIRTIO_TARGET("virtio-net-pci", find_pci, virtio_transport),
    VIRTIO_TARGET("virtio-net-pci", find_pci, virtio_pci),
};
const unsigned virtio_target_count = sizeof virtio_targets / sizeof *virtio_targets;

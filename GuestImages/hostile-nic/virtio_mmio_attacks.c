/* Attacks on virtio-net by what MMIO alone has: VIRTIO 1.2, section 4.2. */
#include "virtio_attacks.h"
#include "virtio_mmio.h"

/* The configuration of a network device ends within 64 bytes (section 5.1.4); the page goes on. */
static void configuration_out_of_range(void)
{
    enum { PAGE = 0x1000, BEHIND_CONFIGURATION = MMIO_CONFIG + 64 };
    uint64_t base = virtio.config - MMIO_CONFIG;
    for (unsigned offset = BEHIND_CONFIGURATION; offset < PAGE; offset += 0x7c) {
        read32(base + offset);
        write32(base + offset, 0xffffffff);
    }
    read32(base + PAGE - 4);
    write32(base + PAGE - 4, 0xffffffff);
    write32(base + MMIO_MAGIC_VALUE, 0xffffffff);
    write32(base + MMIO_INTERRUPT_ACK, 0xffffffff);
    read32(base + MMIO_QUEUE_NOTIFY);
}

const struct attack virtio_mmio_attacks[] = {
    {"configuration space out of range", configuration_out_of_range, KEEP_ON},
};
const unsigned virtio_mmio_attack_count = sizeof virtio_mmio_attacks / sizeof *virtio_mmio_attacks;

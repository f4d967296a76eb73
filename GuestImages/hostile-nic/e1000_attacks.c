/* Attacks on the 82540EM. The manual says what a driver must not do, but not what the card then does: survive it. */
#include "e1000_attacks.h"
#include "pci.h"

enum { RING_SIZE = 8, UNIT = RING_SIZE * 16 };
static volatile struct transmit_descriptor transmit_ring[RING_SIZE] __attribute__((aligned(128)));
static volatile struct receive_descriptor receive_ring[RING_SIZE] __attribute__((aligned(128)));
static uint8_t buffer[E1000_BUFFER_SIZE];

/* With a register read behind each TDT, which brings that out of the ring of coalesced MMIO. */
static const struct e1000_options one_frame = {.driver = TUNED, .batch = 1, .size = MINIMUM_FRAME, .each_doorbell = true};

void program_attacked_transmitter(uint64_t base, uint32_t length)
{
    write_e1000(TCTL, 0);
    write_e1000(TDBAL, base);
    write_e1000(TDBAH, base >> 32);
    write_e1000(TDLEN, length);
    write_e1000(TDH, 0);
    write_e1000(TDT, 0);
    write_e1000(TCTL, TCTL_EN | TCTL_PSP | TCTL_CT | TCTL_COLD);
}

static void fill_transmit_ring(uint64_t address, uint16_t length, uint8_t command)
{
    for (unsigned i = 0; i < RING_SIZE; i++)
        transmit_ring[i] = (struct transmit_descriptor){.address = address, .length = length, .command = command};
}

/* All descriptors alike, and as many times around the ring as a card that never finishes would need. */
static void transmit_descriptors(uint64_t address, uint16_t length, uint8_t command)
{
    fill_transmit_ring(address, length, command);
    program_attacked_transmitter((uint64_t)transmit_ring, UNIT);
    for (unsigned i = 1; i <= 4 * RING_SIZE; i++)
        write_e1000(TDT, i % RING_SIZE);
}

static void tail_beyond_ring(void)
{
    fill_transmit_ring((uint64_t)buffer, MINIMUM_FRAME, TX_EOP | TX_RS);
    program_attacked_transmitter((uint64_t)transmit_ring, UNIT);
    write_e1000(TDT, RING_SIZE);
    write_e1000(TDT, 0xffff);
    write_e1000(TDT, 0xffffffff);
}

static void head_beyond_ring(void)
{
    fill_transmit_ring((uint64_t)buffer, MINIMUM_FRAME, TX_EOP | TX_RS);
    program_attacked_transmitter((uint64_t)transmit_ring, UNIT);
    write_e1000(TDH, 0xffffffff);
    write_e1000(TDT, 1);
    write_e1000(TDH, RING_SIZE);
    write_e1000(TDT, 2);
}

static void transmit_ring_without_length(void)
{
    fill_transmit_ring((uint64_t)buffer, MINIMUM_FRAME, TX_EOP | TX_RS);
    program_attacked_transmitter((uint64_t)transmit_ring, 0);
    write_e1000(TDT, 1);
    write_e1000(TDT, 0xffff);
}

static void transmit_ring_of_odd_length(void)
{
    fill_transmit_ring((uint64_t)buffer, MINIMUM_FRAME, TX_EOP | TX_RS);
    program_attacked_transmitter((uint64_t)transmit_ring, UNIT + 1);
    write_e1000(TDT, 1);
    program_attacked_transmitter((uint64_t)transmit_ring, 16);
    write_e1000(TDT, 1);
    program_attacked_transmitter((uint64_t)transmit_ring, 0xffffffff);
    write_e1000(TDT, 1);
}

static void transmit_ring_outside_memory(void)
{
    const uint64_t bases[] = {NOWHERE, memory_end() - 16, e1000_registers, LAST_BYTES, 1ul << 40};
    for (unsigned i = 0; i < sizeof bases / sizeof *bases; i++) {
        program_attacked_transmitter(bases[i], UNIT);
        write_e1000(TDT, RING_SIZE - 1);
    }
}

static void misaligned_transmit_ring(void)
{
    fill_transmit_ring((uint64_t)buffer, MINIMUM_FRAME, TX_EOP | TX_RS);
    program_attacked_transmitter((uint64_t)transmit_ring + 1, UNIT);
    write_e1000(TDT, 2);
}

static void transmit_ring_moved_while_running(void)
{
    transmit_descriptors((uint64_t)buffer, MINIMUM_FRAME, TX_EOP | TX_RS);
    write_e1000(TDBAL, NOWHERE);
    write_e1000(TDLEN, 0);
    write_e1000(TDT, 3);
}

static void transmit_from_outside_memory(void)
{
    transmit_descriptors(NOWHERE, MINIMUM_FRAME, TX_EOP | TX_RS);
    transmit_descriptors(e1000_registers, MINIMUM_FRAME, TX_EOP | TX_RS);
    transmit_descriptors(memory_end() - 16, MINIMUM_FRAME, TX_EOP | TX_RS);
    transmit_descriptors(LAST_BYTES, MINIMUM_FRAME, TX_EOP | TX_RS);
}

static void transmit_nothing(void)
{
    transmit_descriptors((uint64_t)buffer, 0, TX_EOP | TX_RS);
    transmit_descriptors((uint64_t)buffer, 0, TX_RS);
}

static void transmit_without_end(void)
{
    transmit_descriptors((uint64_t)buffer, 0xffff, TX_RS);
}

static void transmit_too_much(void)
{
    transmit_descriptors((uint64_t)buffer, 0xffff, TX_EOP | TX_RS);
}

/* Section 3.3.6: a context of ones, then data descriptors to be segmented by it; then by a context of zeros. */
static void segment_by_garbage(void)
{
    enum { ALL = 0xff };
    for (int zeros = 0; zeros < 2; zeros++) {
        fill_transmit_ring((uint64_t)buffer, 0xffff, TX_DEXT | TX_TSE | TX_EOP | TX_RS);
        for (unsigned i = 1; i < RING_SIZE; i++)
            transmit_ring[i].cso = DTYP_DATA | 0xf; /* the low bits are the length's highest */
        transmit_ring[0] = (struct transmit_descriptor){
            .address = zeros ? 0 : ~0ul, .length = 0xffff, .cso = 0xf, .command = TX_DEXT | TX_TSE | TX_RS,
            .css = zeros ? 0 : ALL, .special = zeros ? 0 : 0xffff,
        };
        program_attacked_transmitter((uint64_t)transmit_ring, UNIT);
        write_e1000(TDT, RING_SIZE - 1);
    }
}

/* The frame that goes out comes back, if the back end is a reflector, to the receive ring under attack. */
static void receive_into(uint64_t base, uint32_t length, uint32_t head, uint32_t tail)
{
    write_e1000(RCTL, 0);
    write_e1000(RDBAL, base);
    write_e1000(RDBAH, base >> 32);
    write_e1000(RDLEN, length);
    write_e1000(RDH, head);
    write_e1000(RDT, tail);
    write_e1000(RCTL, RCTL_EN | RCTL_UPE | RCTL_BAM | RCTL_SECRC);
    start_e1000_transmitter(&one_frame);
    transmit_by_e1000(0, 1);
    await_e1000_transmitter();
}

static void fill_receive_ring(uint64_t address)
{
    for (unsigned i = 0; i < RING_SIZE; i++)
        receive_ring[i] = (struct receive_descriptor){.address = address};
}

static void receive_beyond_ring(void)
{
    fill_receive_ring((uint64_t)buffer);
    receive_into((uint64_t)receive_ring, UNIT, 0, 0xffff);
    receive_into((uint64_t)receive_ring, UNIT, 0xffff, 1);
    receive_into((uint64_t)receive_ring, UNIT, RING_SIZE, RING_SIZE);
}

static void receive_ring_of_odd_length(void)
{
    fill_receive_ring((uint64_t)buffer);
    receive_into((uint64_t)receive_ring, 0, 0, 1);
    receive_into((uint64_t)receive_ring, 16, 0, 1);
    receive_into((uint64_t)receive_ring, 0xffffffff, 0, 0xffff);
}

static void receive_ring_outside_memory(void)
{
    receive_into(NOWHERE, UNIT, 0, RING_SIZE - 1);
    receive_into(memory_end() - 8, UNIT, 0, RING_SIZE - 1);
    receive_into(LAST_BYTES, UNIT, 0, RING_SIZE - 1);
}

/* "Null Descriptor Padding": a descriptor without an address is to be skipped; here all of them are. */
static void receive_into_null_buffers(void)
{
    fill_receive_ring(0);
    receive_into((uint64_t)receive_ring, UNIT, 0, RING_SIZE - 1);
}

static void receive_to_outside_memory(void)
{
    const uint64_t addresses[] = {NOWHERE, e1000_registers, memory_end() - 8, LAST_BYTES};
    for (unsigned i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        fill_receive_ring(addresses[i]);
        receive_into((uint64_t)receive_ring, UNIT, 0, RING_SIZE - 1);
    }
}

static void registers_of_odd_sizes(void)
{
    const unsigned offsets[] = {CTRL, STATUS, ICR, RCTL, TCTL, RDBAL, RDT, TDBAL, TDT};
    for (unsigned i = 0; i < sizeof offsets / sizeof *offsets; i++)
        access_oddly(e1000_registers + offsets[i], ~0ul);
}

/* Every 64th word of BAR0, and its end. */
static void ones_everywhere(void)
{
    enum { BAR_SIZE = 0x20000, LAST_REGISTER = BAR_SIZE - 4 };
    for (unsigned offset = 0; offset < 0x6000; offset += 0x100) {
        write_e1000(offset, 0xffffffff);
        read_e1000(offset);
    }
    write_e1000(LAST_REGISTER, 0xffffffff);
    read_e1000(LAST_REGISTER);
}

static void every_interrupt_at_once(void)
{
    write_e1000(IMS, 0xffffffff);
    for (unsigned i = 0; i < 16; i++)
        write_e1000(ICS, 0xffffffff);
}

/* PCI Local Bus Specification 3.0, section 6.2.5.1: ones in a BAR ask for its size; they are also an address. */
static void configuration_space(void)
{
    int device = find_pci_device(E1000_IDENTITY);
    uint32_t bar = read_pci(device, PCI_BAR0);
    for (unsigned offset = 0; offset < 0x100; offset += 4)
        read_pci(device, offset);
    for (unsigned offset = 0x40; offset < 0x100; offset += 4)
        write_pci(device, offset, 0xffffffff);
    write_pci(device, PCI_BAR0, 0xffffffff);
    read_pci(device, PCI_BAR0);
    write_pci(device, PCI_BAR0, bar);
    out32(PCI_CONFIG_ADDRESS, 0xffffffff);
    in8(PCI_CONFIG_DATA + 3);
    in32(PCI_CONFIG_DATA + 2);
    out16(PCI_CONFIG_DATA + 3, 0xffff);
    out8(PCI_CONFIG_ADDRESS + 2, 0xff); /* not + 1: on a PC that is the reset register */
}

/*
 * Section 6.8.1 there: messages to wherever, programmed while they may be sent. This image never switches its local APIC
 * on, which then takes none of the fixed ones.
 */
static void messages_to_anywhere(void)
{
    const struct { uint64_t address; uint32_t data; } messages[] = {
        {0, ~0u}, {~0ul, ~0u}, {NOWHERE, ~0u}, {(uint64_t)buffer, ~0u}, {e1000_registers, ~0u}, {memory_end() - 2, ~0u},
        {1ul << 40, 0x51}, {0xfeefff00, 0x51}, {0xfee00000, 0x51},
    };
    int device = find_pci_device(E1000_IDENTITY);
    unsigned msi = find_pci_capability(device, PCI_CAPABILITY_MSI, 0);
    if (!msi) /* QEMU's E1000 has none */
        return;
    write_e1000(IMS, 0xffffffff);
    write_pci(device, msi + MSI_CONTROL, 0xffffffff);
    for (unsigned i = 0; i < sizeof messages / sizeof *messages; i++) {
        write_pci(device, msi + MSI_ADDRESS, messages[i].address);
        write_pci(device, msi + MSI_ADDRESS + 4, messages[i].address >> 32);
        write_pci(device, msi + MSI_DATA, messages[i].data);
        write_e1000(ICS, 0xffffffff);
        read_e1000(ICR);
    }
    write_pci(device, msi + MSI_CONTROL, 0);
}

static void bars_moved_around(void)
{
    move_bars(find_pci_device(E1000_IDENTITY));
}

static const char *check_e1000(enum duty duty __attribute__((unused)))
{
    return "survived";
}

static void restart_e1000(void)
{
    reset_e1000();
    start_e1000_transmitter(&one_frame);
}

static void transmit_frame(uint64_t sequence)
{
    transmit_by_e1000(sequence, 1);
    await_e1000_transmitter();
}

const struct attack e1000_attacks[] = {
    {"transmit tail beyond the ring", tail_beyond_ring, SURVIVE},
    {"transmit head beyond the ring", head_beyond_ring, SURVIVE},
    {"transmit ring of length 0", transmit_ring_without_length, SURVIVE},
    {"transmit ring of a length that is no multiple of 128", transmit_ring_of_odd_length, SURVIVE},
    {"transmit ring outside memory", transmit_ring_outside_memory, SURVIVE},
    {"transmit ring misaligned", misaligned_transmit_ring, SURVIVE},
    {"transmit ring moved while running", transmit_ring_moved_while_running, SURVIVE},
    {"transmit buffers outside memory", transmit_from_outside_memory, SURVIVE},
    {"transmit descriptors of length 0", transmit_nothing, SURVIVE},
    {"transmit descriptors of 65535 bytes, never an end of packet", transmit_without_end, SURVIVE},
    {"frames of 65535 bytes", transmit_too_much, SURVIVE},
    {"segmentation by a garbage context", segment_by_garbage, SURVIVE},
    {"receive head and tail beyond the ring", receive_beyond_ring, SURVIVE},
    {"receive ring of length 0 and of odd lengths", receive_ring_of_odd_length, SURVIVE},
    {"receive ring outside memory", receive_ring_outside_memory, SURVIVE},
    {"receive buffers null", receive_into_null_buffers, SURVIVE},
    {"receive buffers outside memory", receive_to_outside_memory, SURVIVE},
    {"registers accessed in odd sizes", registers_of_odd_sizes, SURVIVE},
    {"ones written all over BAR0", ones_everywhere, SURVIVE},
    {"every interrupt cause at once", every_interrupt_at_once, SURVIVE},
    {"PCI configuration space", configuration_space, KEEP_ON},
    {"MSI to wherever", messages_to_anywhere, KEEP_ON},
    {"BARs moved around", bars_moved_around, KEEP_ON},
};

const unsigned e1000_attack_count = sizeof e1000_attacks / sizeof *e1000_attacks;

#define E1000_TARGET(list)              \
    {                                   \
        .name = "e1000",                \
        .find = find_e1000,             \
        .attacks = list##_attacks,      \
        .count = &list##_attack_count,  \
        .check = check_e1000,           \
        .reset = restart_e1000,         \
        .transmit = transmit_frame,     \
    }
const struct target e1000_targets[] = {E1000_TARGET(e1000), E1000_TARGET(e1000_segment)};
const unsigned e1000_target_count = sizeof e1000_targets / sizeof *e1000_targets;

/*
 * The 82540EM. Names and sections are those of Intel's "PCI/PCI-X Family of Gigabit Ethernet Controllers Software
 * Developer's Manual" (317453).
 */
#ifndef E1000_H
#define E1000_H

#include <stdbool.h>
#include <stdint.h>

#include "port.h"
#include "wait.h"

enum { E1000_IDENTITY = 0x100e8086 }; /* section 4.1 */

/* Section 13.4: registers */
enum {
    CTRL = 0x0000,
    STATUS = 0x0008,
    ICR = 0x00c0,
    ITR = 0x00c4,
    ICS = 0x00c8,
    IMS = 0x00d0,
    IMC = 0x00d8,
    RCTL = 0x0100,
    TCTL = 0x0400,
    TIPG = 0x0410,
    RDBAL = 0x2800,
    RDBAH = 0x2804,
    RDLEN = 0x2808,
    RDH = 0x2810,
    RDT = 0x2818,
    RDTR = 0x2820,
    RADV = 0x282c,
    TDBAL = 0x3800,
    TDBAH = 0x3804,
    TDLEN = 0x3808,
    TDH = 0x3810,
    TDT = 0x3818,
    TIDV = 0x3820,
    TADV = 0x382c,
};

enum { CTRL_SLU = 1 << 6, CTRL_RST = 1 << 26 };
enum { ICR_TXDW = 1 << 0, ICR_RXT0 = 1 << 7 };
enum { RCTL_EN = 1 << 1, RCTL_UPE = 1 << 3, RCTL_BAM = 1 << 15, RCTL_SECRC = 1 << 26 }; /* BSIZE 0: 2048 bytes */
enum { TCTL_EN = 1 << 1, TCTL_PSP = 1 << 3, TCTL_CT = 0xf << 4, TCTL_COLD = 0x40 << 12 };
enum { TIPG_COPPER = 10 | 8 << 10 | 6 << 20 };

/* Section 3.3.3: legacy transmit descriptor */
struct transmit_descriptor {
    uint64_t address;
    uint16_t length;
    uint8_t cso, command, status, css;
    uint16_t special;
};
enum { TX_EOP = 1 << 0, TX_IFCS = 1 << 1, TX_RS = 1 << 3, TX_IDE = 1 << 7 };
enum { TX_DD = 1 << 0 };

/*
 * Sections 3.3.6 and 3.3.7: context and data descriptors, in the fields of the legacy one. Their lengths have 20 bits,
 * the highest four in `cso` below the type; `css` is HDRLEN or POPTS, `special` is MSS.
 */
enum { TX_TSE = 1 << 2, TX_DEXT = 1 << 5, TUCMD_TCP = 1 << 0, TUCMD_IP = 1 << 1 };
enum { DTYP_CONTEXT = 0x00, DTYP_DATA = 0x10, POPTS_IXSM = 1 << 0, POPTS_TXSM = 1 << 1 };
enum { MAXIMUM_DATA = 16288 }; /* bytes of a descriptor: section 3.3.3.1 */

/* Section 3.2.3: receive descriptor */
struct receive_descriptor {
    uint64_t address;
    uint16_t length, checksum;
    uint8_t status, errors;
    uint16_t special;
};
enum { RX_DD = 1 << 0, RX_EOP = 1 << 1 };

/* RDLEN and TDLEN are multiples of 128 bytes, which are 8 descriptors. */
enum { DESCRIPTORS_PER_UNIT = 8 };
enum { E1000_MAXIMUM_BATCH = 1024, E1000_MAXIMUM_RING = E1000_MAXIMUM_BATCH + DESCRIPTORS_PER_UNIT };
enum { E1000_BUFFER_SIZE = 2048, E1000_MAXIMUM_LARGE = E1000_MAXIMUM_BATCH / 6 }; /* a large frame: 6 descriptors */

/*
 * The registers: through BAR0, an access each; or through the window of ports at BAR1, two accesses each, IOADDR and
 * IODATA (section 13.3).
 */
extern uint64_t e1000_registers;
extern uint16_t e1000_ports; /* 0: through BAR0 */
enum { IOADDR = 0, IODATA = 4 };

static inline void write_e1000(unsigned offset, uint32_t value)
{
    if (!e1000_ports) {
        write32(e1000_registers + offset, value);
        return;
    }
    out32(e1000_ports + IOADDR, offset);
    out32(e1000_ports + IODATA, value);
}

static inline uint32_t read_e1000(unsigned offset)
{
    if (!e1000_ports)
        return read32(e1000_registers + offset);
    out32(e1000_ports + IOADDR, offset);
    return in32(e1000_ports + IODATA);
}

/* How an image drives the card. */
enum e1000_driver { NAIVE, TUNED, INTERRUPT };
struct e1000_options {
    enum e1000_driver driver;
    unsigned batch, size;
    bool by_ports;
    bool by_message; /* interrupts: MSI, which the 82540EM has, but QEMU's has not */
    bool segments;      /* the card cuts large frames: stream.h */
    bool each_doorbell; /* TDT written for every packet of a batch, then a register read */
    unsigned itr, tidv, tadv, rdtr, radv; /* section 13.4.17 and following; 0 is off */
};

/* The descriptors of one frame. A large one takes a context descriptor and one for each MAXIMUM_DATA bytes. */
static inline unsigned e1000_descriptors(const struct e1000_options *options)
{
    return options->segments ? 1 + (options->size + MAXIMUM_DATA - 1) / MAXIMUM_DATA : 1;
}

/* The image's keys. `transmits`: those of transmission as well. */
struct e1000_options e1000_keys(bool transmits);

/* Finds the card, or returns false. */
bool find_e1000(void);

/* From now on the registers are reached through BAR1. */
void reach_e1000_by_ports(void);

/* Resets it and brings the link up: section 14.3. Interrupts are masked, transmitter and receiver off. */
void reset_e1000(void);

/* For an image: finds the card or ends the run, resets it, and sets up window and moderation of interrupts. */
void start_e1000(const char *image, const struct e1000_options *options);

/*
 * From now on these causes interrupt. The handler's one access is a read of ICR, which clears it; it counts them.
 * Through the ports it is four accesses, since IOADDR belongs to the code that was interrupted.
 */
void enable_e1000_interrupts(const struct e1000_options *options, uint32_t causes);
extern volatile uint64_t e1000_interrupts;

/* The smallest ring that holds a batch: one descriptor always stays empty, as head = tail means an empty ring. */
static inline unsigned e1000_ring_size(unsigned batch)
{
    return (batch / DESCRIPTORS_PER_UNIT + 1) * DESCRIPTORS_PER_UNIT;
}

#endif

/*
 * The 82540EM. Names and sections are those of Intel's "PCI/PCI-X Family of Gigabit Ethernet Controllers Software
 * Developer's Manual" (317453).
 */
#ifndef E1000_H
#define E1000_H

#include <stdbool.h>
#include <stdint.h>

#include "port.h"

/* Section 13.4: registers */
enum {
    CTRL = 0x0000,
    STATUS = 0x0008,
    ICR = 0x00c0,
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
    TDBAL = 0x3800,
    TDBAH = 0x3804,
    TDLEN = 0x3808,
    TDH = 0x3810,
    TDT = 0x3818,
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
enum { TX_EOP = 1 << 0, TX_IFCS = 1 << 1, TX_RS = 1 << 3 };
enum { TX_DD = 1 << 0 };

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
enum { E1000_BUFFER_SIZE = 2048 };

extern uint64_t e1000_registers;

static inline void write_e1000(unsigned offset, uint32_t value)
{
    write32(e1000_registers + offset, value);
}

static inline uint32_t read_e1000(unsigned offset)
{
    return read32(e1000_registers + offset);
}

/* Finds the card, or returns false. */
bool find_e1000(void);

/* Resets it and brings the link up: section 14.3. Interrupts are masked, transmitter and receiver off. */
void reset_e1000(void);

/* From now on these causes interrupt. The handler's one access is a read of ICR, which clears it; it counts them. */
void enable_e1000_interrupts(uint32_t causes);
extern volatile uint64_t e1000_interrupts;

/* How an image drives the card: the choices of its key `driver`. */
enum e1000_driver { NAIVE, TUNED, INTERRUPT };

/* The smallest ring that holds a batch: one descriptor always stays empty, as head = tail means an empty ring. */
static inline unsigned e1000_ring_size(unsigned batch)
{
    return (batch / DESCRIPTORS_PER_UNIT + 1) * DESCRIPTORS_PER_UNIT;
}

#endif

/* Where the machine's devices are: docs/guest-abi.md, section "Ports, memory and MSRs". For C and assembly. */
#ifndef PORTS_H
#define PORTS_H

#define UART_DATA 0x3f8
#define UART_INTERRUPT_ENABLE 0x3f9
#define UART_IRQ 4

#define DEBUG_EXIT 0xf4

#define PIC_MASTER_COMMAND 0x20
#define PIC_MASTER_DATA 0x21
#define PIC_SLAVE_COMMAND 0xa0
#define PIC_SLAVE_DATA 0xa1

#define PCI_CONFIG_ADDRESS 0xcf8
#define PCI_CONFIG_DATA 0xcfc

/* Where devices go that firmware left without addresses; the E1000, placed first, is then where swiftvmm has it. */
#define PCI_MEMORY_END 0xfebe0000
#define PCI_PORTS_START 0xc000

#define FW_CFG_SELECTOR 0x510
#define FW_CFG_DATA 0x511

#define PROBE_PORT 0x5f0
#define PROBE_MEMORY 0xd000f000
#define PROBE_MSR 0x53564d00

#define MARKER 0x5f8

#endif

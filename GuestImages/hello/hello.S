/*
 * hello: one line on the serial port, then status 0.
 *
 * The whole image runs at CPL 0 where the VMM enters it, without the runtime: the first serial byte is the fourth
 * instruction, and nothing before it exits. `make benchmark` takes the time from the start of the VMM to that byte.
 */
#include "../runtime/ports.h"

    .text
    .globl _start
_start:
    mov $message, %esi
    mov $message_size, %ecx
    mov $UART_DATA, %edx
    rep outsb                   /* one exit a byte; the transmitter of this machine is always ready */
    xor %eax, %eax
    out %al, $DEBUG_EXIT
    ud2                         /* not reached: the write before it ended the run */

    .section .rodata
message:
    .ascii "Hello from a guest of swiftvmm\n"
    .set message_size, . - message

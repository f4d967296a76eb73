/*
 * hostile-nic: a driver that means ill.
 *
 * Each attack is one thing that a driver must not do and that a device must survive: with bounded work, without
 * touching memory that is not the guest's, and so that after a reset a well-formed frame passes. virtio moreover says
 * what the device has to report. The back end is a reflector, so that frames come in on the receive rings under
 * attack too.
 */
#include "attack.h"
#include "port.h"
#include "print.h"
#include "start.h"

uint64_t memory_end(void)
{
    return 0x100000 + (uint64_t)boot_information->memory_upper * 1024;
}

void access_oddly(uint64_t address, uint64_t value)
{
    uint64_t scratch;
    asm volatile("movb (%1), %b0" : "=a"(scratch) : "r"(address) : "memory");
    asm volatile("movw (%1), %w0" : "=a"(scratch) : "r"(address) : "memory");
    asm volatile("movq (%1), %q0" : "=a"(scratch) : "r"(address) : "memory");
    asm volatile("movl 2(%1), %k0" : "=a"(scratch) : "r"(address) : "memory");
    asm volatile("movb %b0, (%1)" : : "a"(value), "r"(address) : "memory");
    asm volatile("movw %w0, (%1)" : : "a"(value), "r"(address) : "memory");
    asm volatile("movq %q0, (%1)" : : "a"(value), "r"(address) : "memory");
    asm volatile("movl %k0, 2(%1)" : : "a"(value), "r"(address) : "memory");
}

static void attack(const struct target *target, const struct attack *attack, uint64_t sequence)
{
    print("%s: %s: ", target->name, attack->name);
    target->reset();
    attack->run();
    const char *said = target->check(attack->duty);
    if (attack->duty != KEEP_ON)
        target->reset();
    target->transmit(sequence);
    print("%s; usable\n", said);
}

static uint64_t attacks;

static void attack_target(const struct target *target)
{
    if (!target->find())
        return;
    for (unsigned i = 0; i < *target->count; i++)
        attack(target, &target->attacks[i], attacks++);
}

int main(void)
{
    for (unsigned i = 0; i < e1000_target_count; i++)
        attack_target(&e1000_targets[i]);
    for (unsigned i = 0; i < virtio_target_count; i++)
        attack_target(&virtio_targets[i]);
    if (!attacks)
        fail("hostile-nic: there is no NIC to attack");
    print("hostile-nic: %lu attacks, device usable after each\n", attacks);
    return 0;
}

// The KVM API (Documentation/virt/kvm/api.rst) as Swift can see it: the structures of <linux/kvm.h>, the
// request numbers, which are macros that Swift does not import, and calls that return a negative errno.
#pragma once

#include <errno.h>
#include <linux/kvm.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

// One constant per request: `KVM_RUN` becomes `KVM_RUN_`, and so on.
#define CKVM_REQUEST(name) static const unsigned long name##_ = name

// System
CKVM_REQUEST(KVM_GET_API_VERSION);
CKVM_REQUEST(KVM_CREATE_VM);
CKVM_REQUEST(KVM_CHECK_EXTENSION);
CKVM_REQUEST(KVM_GET_VCPU_MMAP_SIZE);
CKVM_REQUEST(KVM_GET_SUPPORTED_CPUID);
// Virtual machine
CKVM_REQUEST(KVM_CREATE_VCPU);
CKVM_REQUEST(KVM_SET_USER_MEMORY_REGION);
CKVM_REQUEST(KVM_SET_TSS_ADDR);
CKVM_REQUEST(KVM_SET_IDENTITY_MAP_ADDR);
CKVM_REQUEST(KVM_CREATE_IRQCHIP);
CKVM_REQUEST(KVM_CREATE_PIT2);
CKVM_REQUEST(KVM_IRQ_LINE);
CKVM_REQUEST(KVM_ENABLE_CAP);
CKVM_REQUEST(KVM_REGISTER_COALESCED_MMIO);
CKVM_REQUEST(KVM_UNREGISTER_COALESCED_MMIO);
CKVM_REQUEST(KVM_GET_STATS_FD);
CKVM_REQUEST(KVM_IOEVENTFD);
CKVM_REQUEST(KVM_IRQFD);
CKVM_REQUEST(KVM_SET_GSI_ROUTING);
CKVM_REQUEST(KVM_X86_SET_MSR_FILTER);
// vCPU
CKVM_REQUEST(KVM_RUN);
CKVM_REQUEST(KVM_GET_REGS);
CKVM_REQUEST(KVM_SET_REGS);
CKVM_REQUEST(KVM_GET_SREGS);
CKVM_REQUEST(KVM_SET_SREGS);
CKVM_REQUEST(KVM_SET_CPUID2);
CKVM_REQUEST(KVM_INTERRUPT);
CKVM_REQUEST(KVM_TRANSLATE);
CKVM_REQUEST(KVM_GET_TSC_KHZ);
CKVM_REQUEST(KVM_SET_GUEST_DEBUG);
#undef CKVM_REQUEST

// The flags of a statistics descriptor, which are macros too.
#define CKVM_FLAG(name) static const uint32_t name##_ = name
CKVM_FLAG(KVM_STATS_TYPE_MASK);
CKVM_FLAG(KVM_STATS_TYPE_CUMULATIVE);
CKVM_FLAG(KVM_STATS_TYPE_INSTANT);
CKVM_FLAG(KVM_STATS_TYPE_PEAK);
CKVM_FLAG(KVM_STATS_TYPE_LINEAR_HIST);
CKVM_FLAG(KVM_STATS_TYPE_LOG_HIST);
CKVM_FLAG(KVM_STATS_UNIT_MASK);
CKVM_FLAG(KVM_STATS_UNIT_NONE);
CKVM_FLAG(KVM_STATS_UNIT_BYTES);
CKVM_FLAG(KVM_STATS_UNIT_SECONDS);
CKVM_FLAG(KVM_STATS_UNIT_CYCLES);
CKVM_FLAG(KVM_STATS_UNIT_BOOLEAN);
CKVM_FLAG(KVM_STATS_BASE_MASK);
CKVM_FLAG(KVM_STATS_BASE_POW2);
#undef CKVM_FLAG

static const uint32_t CKVM_IOEVENTFD_FLAG_PIO = KVM_IOEVENTFD_FLAG_PIO;
static const uint32_t CKVM_IOEVENTFD_FLAG_DATAMATCH = KVM_IOEVENTFD_FLAG_DATAMATCH;
static const uint32_t CKVM_IOEVENTFD_FLAG_DEASSIGN = KVM_IOEVENTFD_FLAG_DEASSIGN;
static const uint32_t CKVM_MSR_EXIT_REASON_UNKNOWN = KVM_MSR_EXIT_REASON_UNKNOWN;
static const uint32_t CKVM_MSR_EXIT_REASON_FILTER = KVM_MSR_EXIT_REASON_FILTER;
static const uint32_t CKVM_MSR_FILTER_READ_AND_WRITE = KVM_MSR_FILTER_READ | KVM_MSR_FILTER_WRITE;

// A request whose argument is a number.
static inline long ckvm_call(int fd, unsigned long request, unsigned long argument) {
  int result = ioctl(fd, request, argument);
  return result < 0 ? -errno : result;
}

// A request whose argument is a structure.
static inline long ckvm_call_with(int fd, unsigned long request, void *argument) {
  int result = ioctl(fd, request, argument);
  return result < 0 ? -errno : result;
}

// KVM_RUN, in line: the system call itself, without libc's detour over errno. Every exit passes here.
__attribute__((always_inline)) static inline long ckvm_run(int fd) {
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "0"((long)SYS_ioctl), "D"((long)fd), "S"((long)KVM_RUN), "d"(0L)
                   : "rcx", "r11", "memory");
  return result;
}

// The parts of kvm_run that every exit reads. Swift reads a member of the anonymous union by copying the member whole.
#define CKVM_ALWAYS __attribute__((always_inline)) static inline
CKVM_ALWAYS uint32_t ckvm_exit_reason(const struct kvm_run *run) { return run->exit_reason; }
CKVM_ALWAYS uint16_t ckvm_port(const struct kvm_run *run) { return run->io.port; }
CKVM_ALWAYS uint32_t ckvm_port_count(const struct kvm_run *run) { return run->io.count; }
CKVM_ALWAYS int ckvm_port_is_write(const struct kvm_run *run) { return run->io.direction == KVM_EXIT_IO_OUT; }
// Direction in bits 0-7, 1 for a write, and size in bits 8-15.
CKVM_ALWAYS uint64_t ckvm_port_kind(const struct kvm_run *run) {
  uint16_t kind;
  _Static_assert(offsetof(struct kvm_run, io.size) - offsetof(struct kvm_run, io.direction) == 1, "neighbours");
  __builtin_memcpy(&kind, &run->io.direction, sizeof kind);
  return kind;
}
CKVM_ALWAYS void *ckvm_port_data(struct kvm_run *run) { return (char *)run + run->io.data_offset; }
CKVM_ALWAYS uint64_t ckvm_memory_address(const struct kvm_run *run) { return run->mmio.phys_addr; }
CKVM_ALWAYS uint8_t ckvm_memory_size(const struct kvm_run *run) { return (uint8_t)run->mmio.len; }
CKVM_ALWAYS int ckvm_memory_is_write(const struct kvm_run *run) { return run->mmio.is_write; }
CKVM_ALWAYS void *ckvm_memory_data(struct kvm_run *run) { return run->mmio.data; }
CKVM_ALWAYS void *ckvm_msr_data(struct kvm_run *run) { return &run->msr.data; }

static const uint64_t ckvm_masks[] = {
    0, 0xff, 0xffff, 0xffffff, 0xffffffff, 0xffffffffff, 0xffffffffffff, 0xffffffffffffff, 0xffffffffffffffff};

// The first `size` bytes, at most 8, of the data of an exit. Eight can be read: the data of ports begins a page, and that
// of memory is an array of eight.
CKVM_ALWAYS uint64_t ckvm_data(const void *at, uint8_t size) {
  uint64_t value;
  __builtin_memcpy(&value, at, sizeof value);
  return value & ckvm_masks[size];
}

// The low half of the time-stamp counter, the clock of the ledger: handlers take far less than 2^32 ticks, and the whole
// counter would cost every exit four instructions more.
CKVM_ALWAYS uint32_t ckvm_timestamp(void) { return (uint32_t)__builtin_ia32_rdtsc(); }

// The flag by which another thread asks a vCPU to leave KVM_RUN, or not to enter it (KVM_CAP_IMMEDIATE_EXIT).
static inline void ckvm_request_exit(struct kvm_run *run) {
  __atomic_store_n(&run->immediate_exit, 1, __ATOMIC_SEQ_CST);
}

// The arrays at the end of structures, which Swift does not import.
static inline struct kvm_cpuid_entry2 *ckvm_cpuid_entries(struct kvm_cpuid2 *table) { return table->entries; }
static inline struct kvm_coalesced_mmio *ckvm_coalesced_entries(struct kvm_coalesced_mmio_ring *ring) {
  return ring->coalesced_mmio;
}
static inline uint32_t ckvm_coalesced_is_port(const struct kvm_coalesced_mmio *entry) { return entry->pio; }
static inline void ckvm_set_port_zone(struct kvm_coalesced_mmio_zone *zone) { zone->pio = 1; }
static inline struct kvm_msr_filter_range *ckvm_filter_ranges(struct kvm_msr_filter *filter) { return filter->ranges; }
static inline struct kvm_irq_routing_entry *ckvm_routing_entries(struct kvm_irq_routing *table) { return table->entries; }
static inline const uint64_t *ckvm_internal_data(const struct kvm_run *run) { return run->internal.data; }

CKVM_ALWAYS int ckvm_exit_is_requested(const struct kvm_run *run) {
  return __atomic_load_n(&run->immediate_exit, __ATOMIC_RELAXED);
}

// Takes the request back. A full barrier: whoever asked after a look at its own flag is seen by that look.
static inline void ckvm_forget_exit_request(struct kvm_run *run) {
  __atomic_exchange_n(&run->immediate_exit, 0, __ATOMIC_SEQ_CST);
}

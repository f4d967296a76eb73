/*
 * minimal: the least C that boots an ELF64 image on KVM.
 *
 *     minimal [--count-cpuids] IMAGE [WORD...]        the words become the image's command line
 *
 * The yardstick of `make benchmark`: it makes the system calls that swiftvmm makes to boot the same image,
 * in the same order, and keeps no account of anything. What swiftvmm takes longer is the price of what it does more.
 * With --count-cpuids it also arms the counter of CPUIDs, as swiftvmm does without --no-kernel-counts.
 * The machine is the one of docs/guest-abi.md, reduced to the UART's transmitter and the debug-exit port.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <err.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* How a run ends when it is not by the guest's own status: the numbers of docs/guest-abi.md. */
enum { STATUS_CRASH = 33, STATUS_BAD_IMAGE = 35, STATUS_NO_KVM = 38 };

/* Guest-physical addresses. The tables stand where docs/guest-abi.md keeps room for them. */
enum {
    MEMORY_SIZE = 64 << 20,
    STACK_TOP = 0x80000,
    PML4 = 0x80000,
    PDPT = 0x81000,
    PAGE_DIRECTORIES = 0x82000, /* four, one for each GiB */
    GDT = 0x86000,
    BOOT_INFORMATION = 0x87000,
    COMMAND_LINE = 0x88000,
    COMMAND_LINE_SIZE = 0x1000,
};
static const uint64_t IDENTITY_MAP = 0xfffbc000, TASK_STATE = 0xfffbd000;

enum { UART_DATA = 0x3f8, UART_LINE_STATUS = 0x3fd, DEBUG_EXIT = 0xf4 };
enum { TRANSMITTER_EMPTY = 0x60 }; /* both THRE and TEMT of the line status register */

static uint8_t *memory;

static int checked(int result, const char *what)
{
    if (result < 0)
        err(STATUS_NO_KVM, "%s", what);
    return result;
}

static void *mapped(size_t size, int flags, int fd, const char *what)
{
    void *address = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);
    if (address == MAP_FAILED)
        err(STATUS_NO_KVM, "%s", what);
    return address;
}

static int open_kvm(void)
{
    static const int needed[] = {
        KVM_CAP_USER_MEMORY, KVM_CAP_IRQCHIP, KVM_CAP_PIT2, KVM_CAP_EXT_CPUID,
        KVM_CAP_SET_TSS_ADDR, KVM_CAP_SET_IDENTITY_MAP_ADDR, KVM_CAP_IMMEDIATE_EXIT,
    };
    int kvm = checked(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");
    if (ioctl(kvm, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
        errx(STATUS_NO_KVM, "/dev/kvm: not API version %d", KVM_API_VERSION);
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (ioctl(kvm, KVM_CHECK_EXTENSION, needed[i]) <= 0)
            errx(STATUS_NO_KVM, "/dev/kvm: capability %d is missing", needed[i]);
    return kvm;
}

/*
 * Memory comes before the interrupt controllers: setting a slot waits for KVM's readers (SRCU), and the controllers'
 * registration leaves a slow grace period behind that it would have to wait for too. Measured with Linux 6.18: 0.1 ms
 * this way round, 5 ms and more the other.
 */
static int create_machine(int kvm)
{
    int machine = checked(ioctl(kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
    memory = mapped(MEMORY_SIZE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, "guest memory");
    struct kvm_userspace_memory_region region = {
        .memory_size = MEMORY_SIZE,
        .userspace_addr = (uint64_t)memory,
    };
    checked(ioctl(machine, KVM_SET_USER_MEMORY_REGION, &region), "KVM_SET_USER_MEMORY_REGION");

    checked(ioctl(machine, KVM_SET_TSS_ADDR, TASK_STATE), "KVM_SET_TSS_ADDR");
    checked(ioctl(machine, KVM_SET_IDENTITY_MAP_ADDR, &IDENTITY_MAP), "KVM_SET_IDENTITY_MAP_ADDR");
    checked(ioctl(machine, KVM_CREATE_IRQCHIP, 0), "KVM_CREATE_IRQCHIP");
    struct kvm_pit_config timer = {0};
    checked(ioctl(machine, KVM_CREATE_PIT2, &timer), "KVM_CREATE_PIT2");
    return machine;
}

/*
 * Copies the loadable segments to where they say and returns the entry point. Fresh memory needs no zeroing for .bss.
 */
static uint64_t load_image(const char *path)
{
    struct stat about;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &about) < 0)
        err(STATUS_BAD_IMAGE, "%s", path);
    uint64_t size = about.st_size;
    const Elf64_Ehdr *elf = size < sizeof *elf ? MAP_FAILED : mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0);
    if (elf == MAP_FAILED)
        errx(STATUS_BAD_IMAGE, "%s: cannot be mapped", path);
    close(file);
    if (memcmp(elf->e_ident, ELFMAG, SELFMAG) || elf->e_ident[EI_CLASS] != ELFCLASS64 || elf->e_machine != EM_X86_64 ||
        elf->e_phoff > size || elf->e_phnum > (size - elf->e_phoff) / sizeof(Elf64_Phdr))
        errx(STATUS_BAD_IMAGE, "%s: not an ELF64 image for x86-64", path);

    const Elf64_Phdr *segment = (const void *)((const uint8_t *)elf + elf->e_phoff);
    for (int i = 0; i < elf->e_phnum; i++, segment++) {
        if (segment->p_type != PT_LOAD)
            continue;
        if (segment->p_filesz > segment->p_memsz || segment->p_memsz > MEMORY_SIZE ||
            segment->p_paddr > MEMORY_SIZE - segment->p_memsz ||
            segment->p_offset > size || segment->p_filesz > size - segment->p_offset)
            errx(STATUS_BAD_IMAGE, "%s: segment %d does not fit", path, i);
        memcpy(memory + segment->p_paddr, (const uint8_t *)elf + segment->p_offset, segment->p_filesz);
    }
    return elf->e_entry;
}

/*
 * The 64-bit code and data descriptors of the entry state, and the first 4 GiB one to one in user-accessible 2 MiB
 * pages.
 */
static void write_tables(void)
{
    enum { PRESENT = 1, WRITABLE = 2, USER = 4, PAGE_2M = 0x80 };
    uint64_t *gdt = (void *)(memory + GDT);
    gdt[1] = 0x00af9b000000ffff;
    gdt[2] = 0x00cf93000000ffff;
    *(uint64_t *)(memory + PML4) = PDPT | PRESENT | WRITABLE | USER;
    for (uint64_t gib = 0; gib < 4; gib++)
        ((uint64_t *)(memory + PDPT))[gib] = (PAGE_DIRECTORIES + gib * 0x1000) | PRESENT | WRITABLE | USER;
    for (uint64_t page = 0; page < 4 * 512; page++)
        ((uint64_t *)(memory + PAGE_DIRECTORIES))[page] = page << 21 | PRESENT | WRITABLE | USER | PAGE_2M;
}

/* Multiboot Specification 0.6.96 section 3.3, as far as flags 0 (memory sizes) and 2 (command line) ask for. */
static void write_boot_information(char **words)
{
    uint32_t *information = (void *)(memory + BOOT_INFORMATION);
    information[0] = 1 << 0 | 1 << 2;
    information[1] = 640 - 1;
    information[2] = (MEMORY_SIZE >> 10) - 1024;
    information[4] = COMMAND_LINE;
    char *line = (char *)memory + COMMAND_LINE;
    for (size_t length = 0; *words; words++) {
        length += snprintf(line + length, COMMAND_LINE_SIZE - length, "%s%s", length ? " " : "", *words);
        if (length >= COMMAND_LINE_SIZE)
            errx(STATUS_BAD_IMAGE, "the command line is too long");
    }
}

static void set_entry_state(int kvm, int vcpu, uint64_t entry)
{
    enum { MAXIMUM_LEAVES = 256 };
    struct kvm_cpuid2 *cpuid = calloc(1, sizeof *cpuid + MAXIMUM_LEAVES * sizeof *cpuid->entries);
    cpuid->nent = MAXIMUM_LEAVES;
    checked(ioctl(kvm, KVM_GET_SUPPORTED_CPUID, cpuid), "KVM_GET_SUPPORTED_CPUID");
    checked(ioctl(vcpu, KVM_SET_CPUID2, cpuid), "KVM_SET_CPUID2");
    free(cpuid);

    struct kvm_sregs system;
    checked(ioctl(vcpu, KVM_GET_SREGS, &system), "KVM_GET_SREGS");
    struct kvm_segment code = {
        .limit = 0xffffffff, .selector = 0x08, .type = 0xb, .present = 1, .s = 1, .l = 1, .g = 1,
    };
    struct kvm_segment data = {
        .limit = 0xffffffff, .selector = 0x10, .type = 0x3, .present = 1, .s = 1, .db = 1, .g = 1,
    };
    system.cs = code;
    system.ds = system.es = system.fs = system.gs = system.ss = data;
    system.gdt = (struct kvm_dtable){.base = GDT, .limit = 3 * 8 - 1};
    system.idt = (struct kvm_dtable){0};
    system.cr0 = 1u << 31 | 1 << 5 | 1 << 4 | 1 << 0; /* PG, NE, ET, PE */
    system.cr3 = PML4;
    system.cr4 = 1 << 5;           /* PAE */
    system.efer = 1 << 10 | 1 << 8; /* LMA, LME */
    checked(ioctl(vcpu, KVM_SET_SREGS, &system), "KVM_SET_SREGS");

    struct kvm_regs general = {
        .rip = entry, .rsp = STACK_TOP, .rflags = 2, .rax = 0x2badb002, .rbx = BOOT_INFORMATION,
    };
    checked(ioctl(vcpu, KVM_SET_REGS, &general), "KVM_SET_REGS");
}

/* Answers one port exit. A string instruction may bring several items, all for the one port. */
static void serve_port(struct kvm_run *run)
{
    uint8_t *data = (uint8_t *)run + run->io.data_offset;
    size_t length = (size_t)run->io.size * run->io.count;
    if (run->io.direction == KVM_EXIT_IO_IN)
        memset(data, run->io.port == UART_LINE_STATUS ? TRANSMITTER_EMPTY : 0xff, length);
    else if (run->io.port == DEBUG_EXIT)
        exit(*data < 32 ? *data : 31);
    else if (run->io.port == UART_DATA && write(STDOUT_FILENO, data, length) < 0)
        err(STATUS_CRASH, "standard output");
}

static void run_until_exit(int vcpu, struct kvm_run *run)
{
    for (;;) {
        checked(ioctl(vcpu, KVM_RUN, 0), "KVM_RUN");
        switch (run->exit_reason) {
        case KVM_EXIT_IO:
            serve_port(run);
            break;
        case KVM_EXIT_MMIO:
            if (!run->mmio.is_write)
                memset(run->mmio.data, 0xff, sizeof run->mmio.data);
            break;
        case KVM_EXIT_INTERNAL_ERROR:
            errx(STATUS_CRASH, "KVM_EXIT_INTERNAL_ERROR, suberror %u", run->internal.suberror);
        case KVM_EXIT_SHUTDOWN:
            errx(STATUS_CRASH, "KVM_EXIT_SHUTDOWN: triple fault");
        default:
            errx(STATUS_CRASH, "exit reason %u", run->exit_reason);
        }
    }
}

/*
 * Counts kvm:kvm_cpuid on each processor, for threads of this program's name, with tracefs mounted in a namespace of its
 * own where it is not mounted.
 */
static void count_cpuids(void)
{
    static const char path[] = "/sys/kernel/tracing/events/kvm/kvm_cpuid/id";
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        checked(unshare(CLONE_NEWNS), "unshare");
        checked(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "mount");
        checked(mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL), "mount of tracefs");
        file = checked(open(path, O_RDONLY | O_CLOEXEC), path);
    }
    char identifier[32] = "";
    checked(read(file, identifier, sizeof identifier - 1), path);
    close(file);

    struct perf_event_attr event = {
        .type = PERF_TYPE_TRACEPOINT, .size = sizeof event, .config = strtoull(identifier, NULL, 10),
        .disabled = 1,
    };
    for (long processor = 0; processor < sysconf(_SC_NPROCESSORS_ONLN); processor++) {
        int counter = checked(syscall(SYS_perf_event_open, &event, -1, processor, -1, PERF_FLAG_FD_CLOEXEC), "perf_event");
        checked(ioctl(counter, PERF_EVENT_IOC_SET_FILTER, "comm == \"minimal\""), "PERF_EVENT_IOC_SET_FILTER");
        checked(ioctl(counter, PERF_EVENT_IOC_ENABLE, 0), "PERF_EVENT_IOC_ENABLE");
    }
}

int main(int count, char **words)
{
    if (count > 1 && !strcmp(words[1], "--count-cpuids")) {
        count_cpuids();
        count--;
        words++;
    }
    if (count < 2)
        errx(STATUS_BAD_IMAGE, "usage: minimal [--count-cpuids] IMAGE [WORD...]");
    int kvm = open_kvm();
    int machine = create_machine(kvm);
    uint64_t entry = load_image(words[1]);
    write_tables();
    write_boot_information(words + 2);

    int vcpu = checked(ioctl(machine, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
    int size = checked(ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE");
    struct kvm_run *run = mapped(size, MAP_SHARED, vcpu, "kvm_run");
    set_entry_state(kvm, vcpu, entry);
    run_until_exit(vcpu, run);
}

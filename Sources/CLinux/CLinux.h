// The Linux calls that the VMM needs and that Swift cannot import as they are: macros, variadic functions and
// calls without a wrapper in libc. Each returns a negative errno on failure, so that errno never crosses into
// Swift. No _GNU_SOURCE here: it changes types that Swift's own Glibc module declares as well.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/timerfd.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static inline void linux_pause(void) { __builtin_ia32_pause(); }

// Zeroed private memory that costs nothing until touched. The address, or a negative errno.
static inline intptr_t linux_map_memory(size_t length) {
  void *at = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return at == MAP_FAILED ? -errno : (intptr_t)at;
}

// The same, beginning at a multiple of `alignment`, a power of two of whole pages.
static inline intptr_t linux_map_aligned_memory(size_t length, size_t alignment) {
  size_t whole;
  if (__builtin_add_overflow(length, alignment, &whole)) return -ENOMEM;
  intptr_t start = linux_map_memory(whole);
  if (start < 0) return start;
  intptr_t at = (start + (intptr_t)alignment - 1) & -(intptr_t)alignment;
  if (at > start) munmap((void *)start, (size_t)(at - start));
  munmap((void *)(at + (intptr_t)length), alignment - (size_t)(at - start));
  return at;
}

// Pages of 2 MiB, or of 4 KiB, for a range that has none yet (madvise(2)).
static inline long linux_advise_pages(void *at, size_t length, int large) {
  return madvise(at, length, large ? MADV_HUGEPAGE : MADV_NOHUGEPAGE) < 0 ? -errno : 0;
}

static inline long linux_open(const char *path, int flags) {
  int fd = open(path, flags | O_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

// A shared mapping of a descriptor. The address, or a negative errno.
static inline intptr_t linux_map_descriptor(int fd, size_t length, int protection) {
  void *at = mmap(NULL, length, protection, MAP_SHARED, fd, 0);
  return at == MAP_FAILED ? -errno : (intptr_t)at;
}

static inline int linux_errno(void) { return errno; }

// Nanoseconds of the monotonic clock.
static inline uint64_t linux_monotonic_time(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

// A timer of that clock.
static inline long linux_make_timer(void) {
  int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  return fd < 0 ? -errno : fd;
}

// Sets it to a time in nanoseconds; 0 stops it.
static inline void linux_set_timer(int fd, uint64_t at) {
  struct itimerspec setting = {.it_value = {(time_t)(at / 1000000000), (long)(at % 1000000000)}};
  timerfd_settime(fd, TFD_TIMER_ABSTIME, &setting, NULL);
}

static inline void linux_empty_handler(int number) { (void)number; }

// Lets a signal interrupt system calls, and nothing else.
static inline void linux_interrupt_by(int number) {
  struct sigaction action = {.sa_handler = linux_empty_handler};
  sigaction(number, &action, NULL);
}

static inline void linux_ignore(int number) {
  struct sigaction action = {.sa_handler = SIG_IGN};
  sigaction(number, &action, NULL);
}

// The processors that the calling thread may run on, a bit each. The number of bytes written, or a negative errno.
static inline long linux_processors(uint64_t *words, size_t length) {
  long result = syscall(SYS_sched_getaffinity, 0, length, words);
  return result < 0 ? -errno : result;
}

// Names the calling thread, with at most 15 bytes.
static inline void linux_name_thread(const char *name) { prctl(PR_SET_NAME, name); }

// Mounts tracefs for the calling thread alone, until it ends.
static inline long linux_mount_private_tracefs(void) {
  if (syscall(SYS_unshare, CLONE_NEWNS) < 0) return -errno;
  // Without this the mount would travel back to the namespace that this one was copied from.
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) return -errno;
  if (mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL) < 0) return -errno;
  return 0;
}

// Without waiting, as a FIFO would, for somebody to read.
static inline long linux_create(const char *path) {
  int fd = open(path, O_WRONLY | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0666);
  return fd < 0 ? -errno : fd;
}

// Unmaps the pages of the program's code, which come back from the page cache as they are needed.
static inline void linux_release_code(void) {
  extern const char __executable_start[], etext[];
  const uintptr_t page = 4096;
  uintptr_t start = ((uintptr_t)__executable_start + page - 1) & ~(page - 1), end = (uintptr_t)etext & ~(page - 1);
  madvise((void *)start, end - start, MADV_DONTNEED);
}

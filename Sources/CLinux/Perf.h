// perf_event_open(2): events on one thread, in groups, with a ring for their records. Negative errnos as in CLinux.h.
#pragma once

#include <errno.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// An event on a thread, on whatever processor it runs: in the group of `leader`, or with -1 as the leader of a new group,
// of which nothing counts before it is enabled. With `records` each occurrence leaves a record: its event's identifier
// and the tracepoint's data.
static inline long linux_perf_open(uint32_t type, uint64_t config, pid_t thread, int leader, int records) {
  struct perf_event_attr attributes = {.type = type,
                                       .size = sizeof attributes,
                                       .config = config,
                                       .sample_period = records != 0,
                                       .sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_RAW,
                                       .disabled = leader < 0};
  long fd = syscall(SYS_perf_event_open, &attributes, thread, -1, leader, PERF_FLAG_FD_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

// Opens a counter of a tracepoint and lets it count only once its filter is there.
static inline long linux_count_tracepoint(uint64_t identifier, pid_t thread, int processor, int inherit,
                                          const char *filter) {
  struct perf_event_attr attributes = {.type = PERF_TYPE_TRACEPOINT,
                                       .size = sizeof attributes,
                                       .config = identifier,
                                       .disabled = 1,
                                       .inherit = inherit != 0};
  long fd = syscall(SYS_perf_event_open, &attributes, thread, processor, -1, PERF_FLAG_FD_CLOEXEC);
  if (fd < 0) return -errno;
  if ((*filter && ioctl((int)fd, PERF_EVENT_IOC_SET_FILTER, filter) < 0) ||
      ioctl((int)fd, PERF_EVENT_IOC_ENABLE, 0) < 0) {
    long result = -errno;
    close((int)fd);
    return result;
  }
  return fd;
}

// For the threads that the filter lets through, on one processor.
static inline long linux_count_tracepoint_on(uint64_t identifier, int processor, const char *filter) {
  return linux_count_tracepoint(identifier, -1, processor, 0, filter);
}

// On the calling thread and those that it will make, with theirs; wherever they run.
static inline long linux_count_tracepoint_of_thread(uint64_t identifier, const char *filter) {
  return linux_count_tracepoint(identifier, 0, -1, 1, filter);
}

// All events of a leader's group count from here on, or none.
static inline long linux_perf_enable(int leader, int enable) {
  unsigned long request = enable ? PERF_EVENT_IOC_ENABLE : PERF_EVENT_IOC_DISABLE;
  return ioctl(leader, request, PERF_IOC_FLAG_GROUP) < 0 ? -errno : 0;
}

// The event's records go into the ring of another event.
static inline long linux_perf_redirect(int fd, int to) {
  return ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, to) < 0 ? -errno : 0;
}

// The number that an event's records carry.
static inline long linux_perf_identifier(int fd, uint64_t *identifier) {
  return ioctl(fd, PERF_EVENT_IOC_ID, identifier) < 0 ? -errno : 0;
}

// How far the kernel has written; the records up to there are whole.
static inline uint64_t linux_perf_head(const struct perf_event_mmap_page *page) {
  return __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE);
}

// The kernel may write over everything before `tail`.
static inline void linux_perf_set_tail(struct perf_event_mmap_page *page, uint64_t tail) {
  __atomic_store_n(&page->data_tail, tail, __ATOMIC_RELEASE);
}

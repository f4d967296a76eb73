// Looking at other processes, and at the terminal. Negative errnos as in CLinux.h.
#pragma once

#include <dirent.h>
#include <errno.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

// A descriptor of a process, readable once the process has ended; its number is never given to another meanwhile.
static inline long linux_open_process(pid_t process) {
  long fd = syscall(SYS_pidfd_open, process, 0);
  return fd < 0 ? -errno : fd;
}

// The next name in a folder, null behind the last. Valid until the next call.
static inline const char *linux_next_name(DIR *folder) {
  struct dirent *entry = readdir(folder);
  return entry ? entry->d_name : NULL;
}

// Lets this process have as many open files as it may without asking anybody.
static inline void linux_raise_file_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

static inline long linux_window_size(int terminal, struct winsize *size) {
  return ioctl(terminal, TIOCGWINSZ, size) < 0 ? -errno : 0;
}

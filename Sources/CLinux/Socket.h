// UNIX stream sockets, vectors of bytes, and epoll(7). Nothing here waits. Negative errnos as in CLinux.h.
#pragma once

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

// The descriptor of a connection to the socket at `path`.
static inline long linux_connect(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) return -ENAMETOOLONG;
  strcpy(address.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
    long result = -errno;
    close(fd);
    return result;
  }
  return fd;
}

// The number of bytes sent, without a signal where the other side is gone.
static inline long linux_send(int fd, const struct iovec *pieces, size_t count) {
  struct msghdr message = {.msg_iov = (struct iovec *)pieces, .msg_iovlen = count};
  long result = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  return result < 0 ? -errno : result;
}

// The number of bytes received, 0 at the end of the connection.
static inline long linux_receive(int fd, void *buffer, size_t length) {
  long result = recv(fd, buffer, length, MSG_DONTWAIT);
  return result < 0 ? -errno : result;
}

static inline long linux_read(int fd, void *buffer, size_t length) {
  long result = read(fd, buffer, length);
  return result < 0 ? -errno : result;
}

static inline long linux_write_vector(int fd, const struct iovec *pieces, int count) {
  long result = writev(fd, pieces, count);
  return result < 0 ? -errno : result;
}

static inline long linux_make_epoll(void) {
  int fd = epoll_create1(EPOLL_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

// Makes `epoll` readable while `fd` is, with `writable` also while `fd` can be written. `known`: it was asked before.
static inline long linux_poll_with(int epoll, int fd, int writable, int known) {
  struct epoll_event event = {.events = EPOLLIN | (writable ? EPOLLOUT : 0)};
  return epoll_ctl(epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

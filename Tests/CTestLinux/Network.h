// What tests need of the network: a namespace of their own, an interface's frames, up and down. Negative errnos.
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/sched.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

// For the calling thread and the children it makes.
static inline long linux_unshare_network(void) { return syscall(SYS_unshare, CLONE_NEWNET) < 0 ? -errno : 0; }

// A socket for all frames of an interface.
static inline long linux_open_packets(const char *name) {
  struct sockaddr_ll address = {
      .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex(name)};
  if (address.sll_ifindex == 0) return -errno;
  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) {
    long result = -errno;
    close(fd);
    return result;
  }
  return fd;
}

static inline long linux_set_interface_up(const char *name, int up) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  struct ifreq request = {0};
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  long result = 0;
  if (ioctl(fd, SIOCGIFFLAGS, &request) < 0) result = -errno;
  request.ifr_flags = (short)(up ? request.ifr_flags | IFF_UP : request.ifr_flags & ~IFF_UP);
  if (result == 0 && ioctl(fd, SIOCSIFFLAGS, &request) < 0) result = -errno;
  close(fd);
  return result;
}

// The interface of a TAP's descriptor stays when that is closed.
static inline long linux_keep_tap(int fd) { return ioctl(fd, TUNSETPERSIST, 1) < 0 ? -errno : 0; }

// TAP interfaces (Documentation/networking/tuntap.rst). Negative errnos as in CLinux.h.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>

static inline long linux_open_tun(void) {
  int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

// Makes a descriptor of /dev/net/tun one of the TAP `name`, which comes to be if it is not there; frames then have a
// header of virtio's in front, of `header` bytes.
static inline long linux_attach_tap(int fd, const char *name, int header) {
  struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (ioctl(fd, TUNSETIFF, &request) < 0) return -errno;
  return ioctl(fd, TUNSETVNETHDRSZ, &header) < 0 ? -errno : 0;
}

// The work that the reader of a TAP takes undone: bits TUN_F_*.
static inline long linux_set_tap_offload(int fd, unsigned long bits) {
  return ioctl(fd, TUNSETOFFLOAD, bits) < 0 ? -errno : 0;
}

static inline int linux_has_interface(const char *name) { return if_nametoindex(name) != 0; }

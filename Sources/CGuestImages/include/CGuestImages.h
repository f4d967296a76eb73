// The guest images that the Makefile built, embedded in the binary.
#pragma once

struct guest_image {
  const char *name;
  const unsigned char *start;
  const unsigned char *end;
};

// The catalogue, ended by an entry without a name.
const struct guest_image *guest_images(void);

#include "CGuestImages.h"

#include <stddef.h>

// images.S, which GuestImages/Makefile writes. Weak, so that the package builds without any image.
extern const struct guest_image guest_image_table[] __attribute__((weak));

static const struct guest_image none = {NULL, NULL, NULL};

const struct guest_image *guest_images(void) { return guest_image_table ? guest_image_table : &none; }

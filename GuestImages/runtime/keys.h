/* The command-line keys that the image's manifest declares: docs/guest-abi.md, "The manifest of an image". */
#ifndef KEYS_H
#define KEYS_H

#include <stdint.h>

/* The text behind the n-th `name=` on the command line, up to a space or the end; a null pointer if there is none. */
const char *command_line_value(const char *name, unsigned n);

/* The value of a number key: from the command line, else its default in the manifest. */
uint64_t number_key(const char *name);

/* The value of a choice key, as its place in the manifest's list: 0 for the first. */
unsigned choice_key(const char *name);

/* A number, decimal or with 0x, and where it ends. */
uint64_t parse_number(const char *text, const char **end);

#endif

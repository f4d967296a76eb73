/* Text on the serial port. */
#ifndef PRINT_H
#define PRINT_H

/* Knows %s, %c, %lu and %lx. Each byte is one exit: what an image prints stands outside its measured window. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints a line that says why the run cannot go on, and ends it with status 1. */
void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Ends the run with a status of 0 to 31. */
void end_run(int status) __attribute__((noreturn));

#endif

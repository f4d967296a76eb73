/* Text on the serial port, and the end of a run. */
#include "print.h"

#include <stdarg.h>
#include <stdint.h>

#include "port.h"

/* Without a look at the line status register, which would be a second exit: this transmitter is always ready. */
static void print_character(char character)
{
    out8(UART_DATA, character);
}

static void print_string(const char *string)
{
    while (*string)
        print_character(*string++);
}

static void print_number(uint64_t number, unsigned base)
{
    char digits[21];
    char *first = digits + sizeof digits - 1;
    *first = 0;
    do {
        *--first = "0123456789abcdef"[number % base];
        number /= base;
    } while (number);
    print_string(first);
}

static void print_arguments(const char *format, va_list arguments)
{
    for (; *format; format++) {
        if (*format != '%') {
            print_character(*format);
            continue;
        }
        if (*++format == 'l')
            format++;
        switch (*format) {
        case 's': print_string(va_arg(arguments, const char *)); break;
        case 'c': print_character(va_arg(arguments, int)); break;
        case 'u': print_number(va_arg(arguments, uint64_t), 10); break;
        case 'x': print_number(va_arg(arguments, uint64_t), 16); break;
        }
    }
}

void print(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_arguments(format, arguments);
    va_end(arguments);
}

void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_arguments(format, arguments);
    va_end(arguments);
    print_character('\n');
    end_run(1);
}

void end_run(int status)
{
    for (;;)
        out8(DEBUG_EXIT, status);
}

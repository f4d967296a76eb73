/* Command-line keys. Defaults and choices come from the manifest, which lies in memory as the image's note (note.S). */
#include "keys.h"

#include <stdbool.h>
#include <stddef.h>

#include "print.h"
#include "start.h"

extern const char manifest[], manifest_end[];

static const char *command_line(void)
{
    return boot_information->flags & FLAG_COMMAND_LINE ? (const char *)(uintptr_t)boot_information->command_line : "";
}

static bool ends_word(const char *text)
{
    return *text == ' ' || *text == '\n' || *text == 0;
}

/* The text behind `word` if `text` begins with it, else a null pointer. */
static const char *behind(const char *text, const char *word)
{
    for (; *word; word++, text++)
        if (*text != *word)
            return NULL;
    return text;
}

const char *command_line_value(const char *name, unsigned n)
{
    const char *line = command_line();
    for (const char *at = line; *at; at++) {
        const char *end = at == line || at[-1] == ' ' ? behind(at, name) : NULL;
        if (end && *end == '=' && n-- == 0)
            return end + 1;
    }
    return NULL;
}

/* The default in the line `key NAME DEFAULT RANGE TEXT`; its range is one word further. */
static const char *declared_default(const char *name)
{
    for (const char *line = manifest; line < manifest_end; line++) {
        if (line != manifest && line[-1] != '\n')
            continue;
        const char *word = behind(line, "key ");
        const char *end = word ? behind(word, name) : NULL;
        if (end && *end == ' ')
            return end + 1;
    }
    fail("the manifest does not declare the key %s", name);
}

/* The word behind the default: the key's range. */
static const char *declared_range(const char *name)
{
    const char *word = declared_default(name);
    while (!ends_word(word))
        word++;
    return word + 1;
}

static const char *key_value(const char *name)
{
    const char *value = command_line_value(name, 0);
    return value ? value : declared_default(name);
}

/* The value of a digit, or 16 for what is none. */
static unsigned digit_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : 16;
}

uint64_t parse_number(const char *text, const char **end)
{
    const char *hexadecimal = behind(text, "0x");
    const unsigned base = hexadecimal ? 16 : 10;
    uint64_t number = 0;
    if (hexadecimal)
        text = hexadecimal;
    for (; digit_value(*text) < base; text++)
        number = number * base + digit_value(*text);
    *end = text;
    return number;
}

uint64_t number_key(const char *name)
{
    const char *value = key_value(name), *end;
    uint64_t number = parse_number(value, &end);
    if (end == value || !ends_word(end))
        fail("the value of %s is not a number", name);
    uint64_t low = parse_number(declared_range(name), &end);
    uint64_t high = parse_number(end + 2, &end); /* behind the two dots */
    if (number < low || number > high)
        fail("%s must be in %lu..%lu", name, low, high);
    return number;
}

/* Whether the choice that begins at `choice` is the whole of `value`. */
static bool is_choice(const char *choice, const char *value)
{
    while (*choice == *value && *choice != '|' && !ends_word(value))
        choice++, value++;
    return ends_word(value) && (*choice == '|' || ends_word(choice));
}

unsigned choice_key(const char *name)
{
    const char *value = key_value(name), *choice = declared_range(name);
    for (unsigned place = 0;; place++) {
        if (is_choice(choice, value))
            return place;
        while (*choice != '|' && !ends_word(choice))
            choice++;
        if (*choice++ != '|')
            fail("%s has no such choice", name);
    }
}

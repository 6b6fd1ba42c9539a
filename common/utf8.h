/*
 * utf8 -- what of a text is UTF-8 (RFC 3629): no octet alone, nothing longer
 * than it must be, no surrogates.  Pure.
 */
#ifndef UTF8_H
#define UTF8_H

#include <stddef.h>

/* Octets of the character beyond ASCII that text begins with (2 to 4); 0 where
 * none does, ASCII included. */
size_t utf8_character(const char *text, size_t length);

/* Whether an octet of text is none of ASCII. */
int utf8_is_needed(const char *text, size_t length);

#endif

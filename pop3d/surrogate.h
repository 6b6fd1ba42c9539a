/*
 * surrogate -- the head of a letter for a client that reads ASCII alone (RFC
 * 6856 2.1), made as RFC 6857 shows: texts and names become encoded words (RFC
 * 2047), an address that can't be written is replaced by an empty group that
 * tells it, parameters are encoded (RFC 2231), and what has no such form is
 * kept in a field called "Downgraded-...".  Pure functions.
 *
 * The body, and the heads of its parts, stay as they are.
 */
#ifndef SURROGATE_H
#define SURROGATE_H

#include <stddef.h>

/* The head at the start of n octets, with its blank line: its length, or n
 * where it has no end there. */
size_t surrogate_head(const char *data, size_t n);

/* Whether any of n octets is none of ASCII. */
int surrogate_is_needed(const char *head, size_t n);

/*
 * The surrogate for a head of n octets; the caller's, to free(): *length octets
 * of ASCII, with LF line ends where it was changed.  NULL: memory is out.
 */
char *surrogate_make(const char *head, size_t n, size_t *length);

#endif

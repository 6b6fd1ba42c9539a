/*
 * text -- text that grows in a buffer of fixed size.  Pure.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>

struct text {
	char *at;
	size_t length, size; /* length >= size: not all of it did fit */
};

/* Adds to the end; what does not fit is counted and lost.  There is a NUL
 * behind what stands there. */
void text_add(struct text *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void text_add_octets(struct text *t, const char *octets, size_t length);

#endif

#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static size_t
room(const struct text *t)
{
	return t->length < t->size ? t->size - t->length : 0;
}

void
text_add(struct text *t, const char *format, ...)
{
	size_t left = room(t);
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(left > 0 ? t->at + t->length : NULL, left, format, args);
	va_end(args);
	t->length += n < 0 ? t->size : (size_t)n;
}

void
text_add_octets(struct text *t, const char *octets, size_t length)
{
	if (length < room(t)) {
		memcpy(t->at + t->length, octets, length);
		t->at[t->length + length] = '\0';
	}
	t->length += length;
}

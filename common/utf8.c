#include "utf8.h"

static int
is_tail(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/* Octets of a character whose first two are these; 0 for none. */
static size_t
length_of(unsigned char first, unsigned char second)
{
	/* RFC 3629 4 */
	if (!is_tail(second))
		return 0;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first == 0xe0 && second < 0xa0)
		return 0;
	if (first == 0xed && second > 0x9f)
		return 0;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	if (first == 0xf0 && second < 0x90)
		return 0;
	if (first == 0xf4 && second > 0x8f)
		return 0;
	return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

size_t
utf8_character(const char *text, size_t length)
{
	size_t i, n;

	if (length < 2)
		return 0;
	n = length_of((unsigned char)text[0], (unsigned char)text[1]);
	if (n > length)
		return 0;
	for (i = 2; i < n; i++)
		if (!is_tail((unsigned char)text[i]))
			return 0;
	return n;
}

int
utf8_is_needed(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] >= 0x80)
			return 1;
	return 0;
}

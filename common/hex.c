#include "hex.h"

char *
hex_put(char *to, const void *octets, size_t count)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *from = octets;

	for (size_t i = 0; i < count; i++) {
		*to++ = digits[from[i] >> 4];
		*to++ = digits[from[i] & 15];
	}
	*to = '\0';
	return to;
}

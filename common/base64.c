#include "base64.h"

#include <stdint.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuv"
			     "wxyz0123456789+/";

size_t
base64_encode(const void *from, size_t n, char *to)
{
	const unsigned char *in = from;
	char *out = to;
	uint32_t bits;

	for (; n >= 3; n -= 3, in += 3) {
		bits = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
		*out++ = digits[bits >> 18];
		*out++ = digits[bits >> 12 & 63];
		*out++ = digits[bits >> 6 & 63];
		*out++ = digits[bits & 63];
	}
	if (n > 0) {
		bits =
		    (uint32_t)in[0] << 16 | (n == 2 ? (uint32_t)in[1] << 8 : 0);
		*out++ = digits[bits >> 18];
		*out++ = digits[bits >> 12 & 63];
		*out++ = n == 2 ? digits[bits >> 6 & 63] : '=';
		*out++ = '=';
	}
	*out = '\0';
	return (size_t)(out - to);
}

/* The value of a digit, -1 for none. */
static int
value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* Four digits, of which the last `pad` stand for nothing. */
static int
decode_group(const char *from, unsigned pad, unsigned char out[3])
{
	uint32_t bits = 0;
	unsigned i;
	int value;

	for (i = 0; i < 4; i++) {
		value = i < 4 - pad ? value_of(from[i]) : 0;
		if (value == -1)
			return -1;
		bits = bits << 6 | (uint32_t)value;
	}
	out[0] = (unsigned char)(bits >> 16);
	out[1] = (unsigned char)(bits >> 8);
	out[2] = (unsigned char)bits;
	/* RFC 4648 3.5: what the padding cuts off is zero. */
	if ((pad == 1 && out[2] != 0) || (pad == 2 && (out[1] | out[2]) != 0))
		return -1;
	return 0;
}

int
base64_decode(const char *from, size_t n, void *to, size_t size, size_t *length)
{
	unsigned char *out = to, group[3];
	unsigned pad = 0;
	size_t at;

	*length = 0;
	if (n % 4 != 0)
		return -1;
	if (n > 0 && from[n - 1] == '=')
		pad = from[n - 2] == '=' ? 2 : 1;
	if (n / 4 * 3 - pad > size)
		return -1;
	for (at = 0; at < n; at += 4) {
		unsigned cut = at + 4 == n ? pad : 0;

		if (decode_group(from + at, cut, group) == -1)
			return -1;
		memcpy(out + *length, group, 3 - cut);
		*length += 3 - cut;
	}
	return 0;
}

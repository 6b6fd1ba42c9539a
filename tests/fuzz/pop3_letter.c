/*
 * The letter writer, over blocks cut anywhere, against a reference that takes
 * one octet after the other.  Input: a seed for the cuts, then the letter.
 */
#include "../../pop3d/letter.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
reference(const char *in, size_t n, char *out, uint64_t *octets)
{
	char last = '\n';
	size_t length = 0;

	*octets = 0;
	for (size_t i = 0; i < n; i++) {
		if (last == '\n' && in[i] == '.')
			out[length++] = '.';
		if (in[i] == '\n' && (i == 0 || last != '\r')) {
			out[length++] = '\r';
			++*octets;
		}
		out[length++] = last = in[i];
		++*octets;
	}
	if (last != '\n') {
		if (last != '\r') {
			out[length++] = '\r';
			++*octets;
		}
		out[length++] = '\n';
		++*octets;
	}
	memcpy(out + length, ".\r\n", 3);
	return length + 3;
}

/* The whole letter into pieces of output that have this room each. */
static size_t
fill(const char *in, size_t n, char *out, size_t room, uint64_t *octets)
{
	size_t length = 0, written;
	struct letter l;

	letter_begin(&l);
	while (n > 0) {
		char *piece = malloc(room);

		if (piece == NULL)
			abort();
		written = letter_fill(&l, &in, &n, piece, room);
		if (written == 0 || written > room)
			abort();
		memcpy(out + length, piece, written);
		length += written;
		free(piece);
	}
	length += letter_end(&l, out + length);
	*octets = l.octets;
	return length;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n, at = 0, length = 0, wanted;
	char *in, *out, *expected;
	unsigned seed;
	uint64_t octets;
	struct letter l;

	if (size < 1)
		return 0;
	seed = data[0];
	n = size - 1;
	in = malloc(n + 1);
	out = malloc(LETTER_ROOM(n) + LETTER_END);
	expected = malloc(LETTER_ROOM(n) + LETTER_END);
	if (in == NULL || out == NULL || expected == NULL)
		abort();
	memcpy(in, data + 1, n);

	letter_begin(&l);
	while (at < n) {
		size_t block;

		seed = seed * 1103515245 + 12345;
		block = 1 + (seed >> 16) % 37;
		if (block > n - at)
			block = n - at;
		length += letter_write(&l, in + at, block, out + length);
		at += block;
	}
	length += letter_end(&l, out + length);
	wanted = reference(in, n, expected, &octets);
	if (length != wanted || memcmp(out, expected, length) != 0 ||
	    l.octets != octets || letter_octets(in, n) != octets)
		abort();
	length = fill(in, n, out, LETTER_LEAST + data[0] % 61, &octets);
	if (length != wanted || memcmp(out, expected, length) != 0 ||
	    octets != l.octets)
		abort();
	free(in);
	free(out);
	free(expected);
	return 0;
}

/*
 * smtp_sink -- the octets after DATA: however they are cut into pieces, and
 * whether they are stored elsewhere or in place, the sink says what a simple
 * reader of the whole says.
 */
#include "sink_reference.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The length of the next piece, from a sequence that seed begins. */
static size_t
next_piece(uint32_t *seed, size_t left)
{
	size_t n;

	*seed = *seed * 1664525u + 1013904223u;
	n = (*seed >> 28 & 1) ? 1 + (*seed >> 16 & 3) : 1 + (*seed >> 16 & 255);
	return n < left ? n : left;
}

/* Feeds a copy of data in pieces; in place where in_place is set. */
static size_t
feed(struct sink *s, char *data, size_t size, char *out, size_t *length,
    uint32_t seed, int in_place)
{
	size_t at = 0, n, written, taken;
	char *to;

	*length = 0;
	sink_init(s);
	s->crlf = (seed & 2) != 0;
	while (at < size && s->state != SINK_ENDED) {
		n = next_piece(&seed, size - at);
		to = in_place ? data + at : out + *length;
		taken = sink_take(s, data + at, n, to, &written);
		if (taken > n || written > taken ||
		    (taken < n && s->state != SINK_ENDED))
			abort();
		if (in_place)
			memcpy(out + *length, to, written);
		*length += written;
		at += taken;
	}
	return at;
}

/* Takes the CRs before LFs out again; the new length. */
static size_t
without_cr(char *text, size_t length)
{
	size_t from, to = 0;

	for (from = 0; from < length; from++)
		if (text[from] != '\r' || from + 1 == length ||
		    text[from + 1] != '\n')
			text[to++] = text[from];
	return to;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sink_reference r;
	struct sink s;
	char *copy, *out, *wanted;
	size_t length, used;
	uint32_t seed;

	if (size < 5)
		return 0;
	memcpy(&seed, data, sizeof(seed));
	data += sizeof(seed);
	size -= sizeof(seed);
	copy = malloc(size);
	out = malloc(size);
	wanted = malloc(size);
	if (copy != NULL && out != NULL && wanted != NULL) {
		memcpy(copy, data, size);
		r = sink_reference(copy, size, wanted);
		used =
		    feed(&s, copy, size, out, &length, seed, (int)(seed & 1));
		if (used != r.used || s.faults != r.faults ||
		    (s.state == SINK_ENDED) != r.is_ended)
			abort();
		if (r.faults == 0 && s.state == SINK_ENDED && s.crlf) {
			if (s.octets != length || s.lines != 0)
				abort();
			length = s.octets = without_cr(out, length);
			s.lines = r.lines;
		}
		if (r.faults == 0 && (s.state == SINK_ENDED || !s.crlf) &&
		    (length != r.length || s.octets != length ||
			s.lines != r.lines || s.hops != r.hops ||
			memcmp(out, wanted, length) != 0))
			abort();
	}
	free(copy);
	free(out);
	free(wanted);
	return 0;
}

/*
 * smtp_sink -- the octets after DATA: however they are cut into pieces, and
 * whether they are stored or thrown away, the sink says what a simple reader of
 * the whole says.  In chunks it takes all, whatever it is.
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

/* Feeds data in pieces; out NULL: to nowhere. */
static size_t
feed(struct sink *s, const char *data, size_t size, char *out, size_t *length,
    uint32_t seed)
{
	size_t at = 0, n, written, taken;

	*length = 0;
	sink_init(s);
	s->crlf = (seed & 2) != 0;
	s->is_chunked = (seed & 4) != 0;
	while (at < size && s->state != SINK_ENDED) {
		n = next_piece(&seed, size - at);
		taken = sink_take(s, data + at, n,
		    out == NULL ? NULL : out + *length, &written);
		if (taken > n || written > taken + SINK_HELD ||
		    (taken < n && (s->is_chunked || s->state != SINK_ENDED)))
			abort();
		*length += written;
		at += taken;
	}
	return at;
}

/* A message in chunks is taken to its end, which ends a line. */
static void
check_chunked(
    struct sink *s, size_t used, size_t size, char *out, size_t length)
{
	if (used != size || s->state == SINK_ENDED)
		abort();
	length += sink_finish(s, out + length);
	if (s->state != SINK_ENDED || s->octets != length ||
	    length > size + 2 || (length > 0 && out[length - 1] != '\n'))
		abort();
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

/* To its end the sink says the same where nothing is stored. */
static void
check_discard(
    const char *data, size_t size, const struct sink *s, uint32_t seed)
{
	struct sink other;
	size_t length;

	feed(&other, data, size, NULL, &length, seed);
	if (length != 0 || other.octets != s->octets ||
	    other.faults != s->faults || other.hops != s->hops)
		abort();
}

static void
check(const char *data, size_t size, char *out, char *wanted, uint32_t seed)
{
	struct sink_reference r = sink_reference(data, size, wanted);
	struct sink s;
	size_t length, used = feed(&s, data, size, out, &length, seed);

	if (seed & 1)
		check_discard(data, size, &s, seed);
	if (s.is_chunked) {
		check_chunked(&s, used, size, out, length);
		return;
	}
	if (used != r.used || s.faults != r.faults ||
	    (s.state == SINK_ENDED) != r.is_ended)
		abort();
	if (r.faults != 0 || s.state != SINK_ENDED)
		return;
	if (s.crlf) {
		if (s.octets != length || s.lines != 0)
			abort();
		length = s.octets = without_cr(out, length);
		s.lines = r.lines;
	}
	if (length != r.length || s.octets != length || s.lines != r.lines ||
	    s.hops != r.hops || memcmp(out, wanted, length) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *out, *wanted;
	uint32_t seed;

	if (size < 5)
		return 0;
	memcpy(&seed, data, sizeof(seed));
	data += sizeof(seed);
	size -= sizeof(seed);
	out = malloc(size + SINK_HELD + 2);
	wanted = malloc(size);
	if (out != NULL && wanted != NULL)
		check((const char *)data, size, out, wanted, seed);
	free(out);
	free(wanted);
	return 0;
}

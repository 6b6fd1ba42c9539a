#include "sink.h"

#include <string.h>
#include <strings.h>

static const char hop[] = "received:";
#define HOP_LENGTH (sizeof(hop) - 1)

void
sink_init(struct sink *s)
{
	*s = (struct sink){
	    .state = SINK_LINE_START, .in_header = 1, .line_empty = 1};
}

/* Counts the hop where this line of the header section begins as one does. */
static void
match_hop(struct sink *s, const char *text, size_t length)
{
	size_t left = HOP_LENGTH - (size_t)s->matched;
	size_t n = length < left ? length : left;

	if (strncasecmp(text, hop + s->matched, n) != 0) {
		s->matched = -1;
		return;
	}
	s->matched += (int)n;
	if (n == left) {
		s->hops++;
		s->matched = -1;
	}
}

/* Stores text of one line, in which no CR stands; where the output ends now. */
static char *
take_text(struct sink *s, const char *text, size_t length, char *out)
{
	if (length == 0)
		return out;
	if (memchr(text, '\n', length) != NULL)
		s->faults |= SINK_BARE_LF;
	if (s->in_header && s->matched >= 0)
		match_hop(s, text, length);
	s->line_empty = 0;
	memmove(out, text, length); /* out may be the input */
	s->octets += length;
	return out + length;
}

/* The CR of a line's end: where CRLF is stored, its place is taken at once, so
 * that no more is written than was read. */
static char *
take_cr(struct sink *s, char *out)
{
	if (!s->crlf)
		return out;
	s->octets++;
	*out = '\r';
	return out + 1;
}

static char *
end_line(struct sink *s, char *out)
{
	if (s->line_empty)
		s->in_header = 0;
	s->line_empty = 1;
	s->matched = 0;
	s->lines += !s->crlf;
	s->octets++;
	s->state = SINK_LINE_START;
	*out = '\n';
	return out + 1;
}

/* One octet at a place where the octet decides; 1 where it was taken. */
static int
step(struct sink *s, char c, char **out)
{
	switch (s->state) {
	case SINK_LINE_START:
		s->state = c == '.' ? SINK_DOT : SINK_IN_LINE;
		return c == '.';
	case SINK_DOT:
		/* RFC 5321 4.5.2: the dot goes where more follows it. */
		s->state = c == '\r' ? SINK_DOT_CR : SINK_IN_LINE;
		s->dots += c == '.';
		return c == '\r';
	case SINK_DOT_CR:
		if (c == '\n') {
			s->state = SINK_ENDED;
			return 1;
		}
		break;
	case SINK_CR:
		if (c == '\n') {
			*out = end_line(s, *out);
			return 1;
		}
		break;
	case SINK_IN_LINE:
	case SINK_ENDED:
		return 0;
	}
	s->faults |= SINK_BARE_CR;
	s->line_empty = 0;
	s->state = SINK_IN_LINE;
	return 0;
}

size_t
sink_take(
    struct sink *s, const char *data, size_t length, char *out, size_t *written)
{
	const char *p = data, *end = data + length, *cr;
	const char *nul = memchr(data, '\0', length);
	char *o = out;

	while (p < end && s->state != SINK_ENDED) {
		if (s->state != SINK_IN_LINE) {
			p += step(s, *p, &o);
			continue;
		}
		cr = memchr(p, '\r', (size_t)(end - p));
		o = take_text(s, p, (size_t)((cr ? cr : end) - p), o);
		p = end;
		if (cr != NULL) {
			s->state = SINK_CR;
			p = cr + 1;
			o = take_cr(s, o);
		}
	}
	if (nul != NULL && nul < p)
		s->faults |= SINK_NUL;
	*written = (size_t)(o - out);
	return (size_t)(p - data);
}

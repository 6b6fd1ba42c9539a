#include "sink.h"

#include <string.h>

#define HASH_START UINT64_C(0xcbf29ce484222325) /* FNV-1a */
#define HASH_PRIME UINT64_C(0x100000001b3)

/* The fields that matter, in lower case. */
static const struct {
	const char *name;
	enum sink_field field;
} names[] = {
    {"received:", SINK_FIELD_RECEIVED},
    {"return-path:", SINK_FIELD_RETURN},
    {"delivered-to:", SINK_FIELD_DELIVERED},
};

/* Where the octets that are stored go; at NULL: nowhere. */
struct output {
	char *at;
	size_t length;
};

void
sink_init(struct sink *s)
{
	*s = (struct sink){.state = SINK_LINE_START,
	    .in_header = 1,
	    .line_empty = 1,
	    .last_field = SINK_FIELD_OTHER};
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Blanks and brackets do not count, nor does case. */
static uint64_t
hash_more(uint64_t hash, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == ' ' || text[i] == '\t' || text[i] == '<' ||
		    text[i] == '>')
			continue;
		hash = (hash ^ (unsigned char)lower(text[i])) * HASH_PRIME;
	}
	return hash;
}

static void
store(struct sink *s, const char *text, size_t length, struct output *o)
{
	if (s->field == SINK_FIELD_RETURN)
		return;
	s->octets += length;
	if (o->at == NULL)
		return;
	memcpy(o->at + o->length, text, length);
	o->length += length;
}

/* The field's name is known, or that it is none of ours. */
static void
decide(struct sink *s, enum sink_field field, struct output *o)
{
	s->field = field;
	if (field == SINK_FIELD_RECEIVED)
		s->hops++;
	if (field == SINK_FIELD_DELIVERED)
		s->hash = HASH_START;
	store(s, s->held, s->held_length, o);
	s->held_length = 0;
}

/* Looks at what is held, whose last octet is new. */
static void
match_name(struct sink *s, struct output *o)
{
	size_t i, n = s->held_length, k;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (k = 0; k < n && names[i].name[k] == lower(s->held[k]); k++)
			;
		if (k < n)
			continue;
		if (names[i].name[n] == '\0')
			decide(s, names[i].field, o);
		return;
	}
	decide(s, SINK_FIELD_OTHER, o);
}

/* Takes text at the beginning of a field; how much of it. */
static size_t
take_name(struct sink *s, const char *text, size_t length, struct output *o)
{
	size_t i;

	/* RFC 5322 2.2.3: folded, it goes on. */
	if (s->held_length == 0 && (text[0] == ' ' || text[0] == '\t')) {
		s->field = s->last_field;
		return 0;
	}
	for (i = 0; i < length && s->field == SINK_FIELD_OPEN; i++) {
		s->held[s->held_length++] = text[i];
		match_name(s, o);
	}
	return i;
}

/* Text of one line, in which no CR stands. */
static void
take_text(struct sink *s, const char *text, size_t length, struct output *o)
{
	size_t n = 0;

	if (length == 0)
		return;
	if (memchr(text, '\n', length) != NULL)
		s->faults |= SINK_BARE_LF;
	s->line_empty = 0;
	if (s->field == SINK_FIELD_OPEN)
		n = take_name(s, text, length, o);
	if (s->field == SINK_FIELD_DELIVERED)
		s->hash = hash_more(s->hash, text + n, length - n);
	store(s, text + n, length - n, o);
}

static void
end_line(struct sink *s, struct output *o)
{
	if (s->held_length > 0)
		decide(s, SINK_FIELD_OTHER, o);
	if (s->field == SINK_FIELD_DELIVERED &&
	    s->delivered < SINK_DELIVERED_MAX)
		s->delivered_to[s->delivered++] = s->hash;
	if (s->field != SINK_FIELD_RETURN)
		s->lines += !s->crlf;
	store(s, s->crlf ? "\r\n" : "\n", s->crlf ? 2 : 1, o);
	if (s->line_empty)
		s->in_header = 0;
	s->line_empty = 1;
	s->last_field =
	    s->field == SINK_FIELD_RETURN ? s->field : SINK_FIELD_OTHER;
	s->field = s->in_header ? SINK_FIELD_OPEN : SINK_FIELD_OTHER;
	s->state = SINK_LINE_START;
}

/* At the beginning of a line; 1 where the octet was taken. */
static int
start_line(struct sink *s, char c)
{
	s->state = SINK_IN_LINE;
	if (c != '.')
		return 0;
	if (s->is_chunked) {
		s->dots++;
		return 0;
	}
	s->state = SINK_DOT;
	return 1;
}

/* One octet at a place where the octet decides; 1 where it was taken. */
static int
step(struct sink *s, char c, struct output *o)
{
	switch (s->state) {
	case SINK_LINE_START:
		return start_line(s, c);
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
			end_line(s, o);
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
	struct output o = {.at = out};

	while (p < end && s->state != SINK_ENDED) {
		if (s->state != SINK_IN_LINE) {
			p += step(s, *p, &o);
			continue;
		}
		cr = memchr(p, '\r', (size_t)(end - p));
		take_text(s, p, (size_t)((cr ? cr : end) - p), &o);
		p = end;
		if (cr != NULL) {
			s->state = SINK_CR;
			p = cr + 1;
		}
	}
	if (nul != NULL && nul < p)
		s->faults |= SINK_NUL;
	*written = o.length;
	return (size_t)(p - data);
}

size_t
sink_finish(struct sink *s, char *out)
{
	struct output o = {.at = out};

	if (s->state == SINK_CR)
		s->faults |= SINK_BARE_CR;
	if (s->state != SINK_LINE_START)
		end_line(s, &o);
	s->state = SINK_ENDED;
	return o.length;
}

int
sink_was_delivered_to(const struct sink *s, const char *mailbox)
{
	uint64_t hash = hash_more(HASH_START, mailbox, strlen(mailbox));

	for (unsigned i = 0; i < s->delivered; i++)
		if (s->delivered_to[i] == hash)
			return 1;
	return 0;
}

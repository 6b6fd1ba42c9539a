#include "letter.h"

#include <string.h>

void
letter_begin(struct letter *l)
{
	memset(l, 0, sizeof(*l));
}

/* The octets of data up to its first LF, or all n. */
static size_t
line_length(const char *data, size_t n)
{
	const char *lf = memchr(data, '\n', n);

	return lf != NULL ? (size_t)(lf - data) : n;
}

size_t
letter_fill(
    struct letter *l, const char **data, size_t *n, char *to, size_t room)
{
	const char *from = *data, *end = from + *n;
	char *at = to, *full = to + room;
	size_t stuffed = 0, left;

	/* A dot and an octet behind it, or a CRLF. */
	while (from < end && full - at >= 2) {
		if (!l->in_line && *from == '.') {
			*at++ = '.';
			stuffed++;
		}
		left = (size_t)(end - from);
		if (left > (size_t)(full - at))
			left = (size_t)(full - at);
		/* Together faster than a loop of vectors here: the library
		 * takes the widest that the machine has. */
		left = line_length(from, left);
		if (left > 0) {
			memcpy(at, from, left);
			at += left;
			from += left;
			l->in_line = 1;
			l->after_cr = from[-1] == '\r';
		}
		if (from == end || *from != '\n' || full - at < 2)
			continue;
		if (!l->after_cr)
			*at++ = '\r';
		*at++ = *from++;
		l->in_line = l->after_cr = 0;
	}
	l->octets += (size_t)(at - to) - stuffed;
	*n = (size_t)(end - from);
	*data = from;
	return (size_t)(at - to);
}

size_t
letter_write(struct letter *l, const char *data, size_t n, char *to)
{
	/* Room for the widest of all, and what a last step wants to see. */
	return letter_fill(l, &data, &n, to, LETTER_ROOM(n));
}

size_t
letter_end(struct letter *l, char to[LETTER_END])
{
	static const char end[] = "\r\n.\r\n";
	size_t cut;

	/* A last line that ends in nothing, or in half of a CRLF, gets one. */
	cut = !l->in_line ? 2 : l->after_cr ? 1 : 0;
	memcpy(to, end + cut, LETTER_END - cut);
	l->octets += 2 - cut;
	l->in_line = l->after_cr = 0;
	return LETTER_END - cut;
}

uint64_t
letter_octets(const char *data, size_t n)
{
	uint64_t octets = n;
	size_t at = 0;

	while (at < n) {
		at += line_length(data + at, n - at);
		if (at == n)
			return octets + (data[n - 1] == '\r' ? 1 : 2);
		if (at == 0 || data[at - 1] != '\r')
			octets++;
		at++;
	}
	return octets;
}

void
letter_top_begin(struct letter_top *t, uint64_t lines)
{
	memset(t, 0, sizeof(*t));
	t->lines = lines;
	t->is_empty = 1;
}

/* At a line's end. */
static void
end_line(struct letter_top *t)
{
	if (t->in_body)
		t->lines--;
	else if (t->is_empty)
		t->in_body = 1;
	t->is_empty = 1;
	t->is_done = t->in_body && t->lines == 0;
}

size_t
letter_top_cut(struct letter_top *t, const char *data, size_t n)
{
	size_t at = 0;

	while (at < n && !t->is_done) {
		size_t length = line_length(data + at, n - at);

		for (size_t i = 0; i < length && t->is_empty; i++)
			t->is_empty = data[at + i] == '\r';
		at += length;
		if (at == n)
			break;
		at++;
		end_line(t);
	}
	return at;
}

/*
 * sink_reference -- what sink.h promises, octet by octet and with no regard to
 * speed: the fuzz target and the unit test hold the sink against it.
 */
#ifndef SINK_REFERENCE_H
#define SINK_REFERENCE_H

#include "../../smtpd/sink.h"

#include <string.h>
#include <strings.h>

struct sink_reference {
	size_t used; /* octets up to and with the end */
	int is_ended;
	unsigned faults;
	unsigned hops;
	uint64_t lines;
	size_t length; /* of what is stored */
};

/*
 * Reads the whole input at once.  Lines end at CRLF and nothing else; the end
 * is a line that is a dot alone.  out has room for length octets and means
 * nothing after a fault.
 */
static inline struct sink_reference
sink_reference(const char *data, size_t length, char *out)
{
	struct sink_reference r = {0};
	size_t at = 0, end, next, i;
	int in_header = 1, is_left_out = 0;

	while (at < length && !r.is_ended) {
		for (end = at; end < length; end++)
			if (end + 1 < length && data[end] == '\r' &&
			    data[end + 1] == '\n')
				break;
		next = end < length ? end + 2 : length;
		if (end < length && end - at == 1 && data[at] == '.') {
			r.is_ended = 1;
			at = next;
			break;
		}
		for (i = at; i < end; i++) {
			if (data[i] == '\n')
				r.faults |= SINK_BARE_LF;
			/* The last octet may be the half of a CRLF. */
			if (data[i] == '\r' && i + 1 < length)
				r.faults |= SINK_BARE_CR;
			if (data[i] == '\0')
				r.faults |= SINK_NUL;
		}
		if (data[at] == '.')
			at++;
		if (in_header && end - at >= 9 &&
		    strncasecmp(data + at, "received:", 9) == 0)
			r.hops++;
		/* RFC 5322 2.2.3: a folded line belongs to the one before. */
		if (at == end || (data[at] != ' ' && data[at] != '\t'))
			is_left_out =
			    in_header && end - at >= 12 &&
			    strncasecmp(data + at, "return-path:", 12) == 0;
		if (at == end && end < length)
			in_header = 0;
		if (is_left_out) {
			at = next;
			continue;
		}
		memcpy(out + r.length, data + at, end - at);
		r.length += end - at;
		if (end < length) {
			out[r.length++] = '\n';
			r.lines++;
		} else if (end > at && data[end - 1] == '\r') {
			r.length--;
		}
		at = next;
	}
	r.used = at;
	return r;
}

#endif

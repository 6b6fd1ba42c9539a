#include "trace.h"

#include "clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* "Tue, 01 Jan 2030 00:00:00 +0100" and some more */
#define DATE_MAX 64
/* Two names of algorithms, and a version */
#define TLS_CLAUSE_MAX 160

/* splitmix64: sessions' ids are random, so these are as good as random too. */
uint64_t
trace_id(uint64_t session, uint64_t number)
{
	uint64_t z = session + number * UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

void
trace_literal(const char *address, char to[TRACE_LITERAL_MAX])
{
	/* RFC 5321 4.1.3 */
	snprintf(to, TRACE_LITERAL_MAX, "[%s%s]",
	    strchr(address, ':') != NULL ? "IPv6:" : "", address);
}

/* RFC 5321 4.4: date-time, local time with its offset.  0 or -1. */
static int
format_date(int64_t time, char to[DATE_MAX])
{
	time_t seconds = (time_t)(time / CLOCK_SECOND);
	struct tm tm;

	if (localtime_r(&seconds, &tm) == NULL)
		return -1;
	return strftime(to, DATE_MAX, "%a, %d %b %Y %H:%M:%S %z", &tm) > 0 ? 0
									   : -1;
}

static int
is_tls(const struct trace *t)
{
	return t->tls.version != NULL && t->tls.version[0] != '\0';
}

/* RFC 3848. */
static const char *
protocol(const struct trace *t)
{
	if (!t->is_extended)
		return "SMTP";
	return is_tls(t) ? "ESMTPS" : "ESMTP";
}

/* RFC 8314 4.3: a clause of its own, behind all others; "" without TLS. */
static void
format_tls(const struct trace *t, char to[TLS_CLAUSE_MAX])
{
	to[0] = '\0';
	if (is_tls(t))
		snprintf(to, TLS_CLAUSE_MAX, "\n\ttls %s (%s%s%s)",
		    t->tls.cipher, t->tls.version,
		    t->tls.group[0] != '\0' ? " " : "", t->tls.group);
}

size_t
trace_fields(const struct trace *t, char *to, size_t size, unsigned *lines)
{
	char date[DATE_MAX], literal[TRACE_LITERAL_MAX], tls[TLS_CLAUSE_MAX];
	int is_for = t->forward_path != NULL;
	int length;

	if (format_date(t->time, date) == -1)
		return 0;
	trace_literal(t->client_address, literal);
	format_tls(t, tls);
	length = snprintf(to, size,
	    "Return-Path: <%s>\n"
	    "Received: from %s (%s%s%s)\n"
	    "\tby %s with %s id %016" PRIx64 "%s%s%s%s;\n"
	    "\t%s\n",
	    t->reverse_path, t->helo,
	    t->client_name != NULL ? t->client_name : "",
	    t->client_name != NULL ? " " : "", literal, t->hostname,
	    protocol(t), t->id, is_for ? "\n\tfor <" : "",
	    is_for ? t->forward_path : "", is_for ? ">" : "", tls, date);
	if (length < 0 || (size_t)length >= size)
		return 0;
	*lines = 4U + (is_for != 0) + (tls[0] != '\0');
	return (size_t)length;
}

size_t
trace_crlf(char *text, size_t length, unsigned lines)
{
	size_t to = length + lines, from = length;

	while (from < to) {
		text[--to] = text[--from];
		if (text[from] == '\n')
			text[--to] = '\r';
	}
	return length + lines;
}

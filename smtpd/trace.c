#include "trace.h"

#include "clock.h"
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

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

int
trace_date(int64_t time, char to[TRACE_DATE_MAX])
{
	time_t seconds = (time_t)(time / CLOCK_SECOND);
	struct tm tm;

	if (localtime_r(&seconds, &tm) == NULL)
		return -1;
	return strftime(to, TRACE_DATE_MAX, "%a, %d %b %Y %H:%M:%S %z", &tm) > 0
		   ? 0
		   : -1;
}

const char *
trace_with(int is_lmtp, int is_extended, int is_utf8, int is_tls, int is_login)
{
	/* RFC 3848: S for TLS, A for AUTH. */
	static const char *const names[3][4] = {
	    {"ESMTP", "ESMTPS", "ESMTPA", "ESMTPSA"},
	    {"LMTP", "LMTPS", "LMTPA", "LMTPSA"},
	    {"UTF8SMTP", "UTF8SMTPS", "UTF8SMTPA", "UTF8SMTPSA"},
	};
	static const char *const utf8_lmtp[] = {
	    "UTF8LMTP", "UTF8LMTPS", "UTF8LMTPA", "UTF8LMTPSA"};
	int security = (is_tls ? 1 : 0) | (is_login ? 2 : 0);

	if (is_utf8)
		return is_lmtp ? utf8_lmtp[security] : names[2][security];
	if (is_lmtp)
		return names[1][security];
	return is_extended ? names[0][security] : "SMTP";
}

/* RFC 5321 4.4: From-domain with TCP-info. */
static void
add_from(struct text *to, const struct trace *t)
{
	char literal[TRACE_LITERAL_MAX];
	const char *name = t->client_name;

	/* A UNIX socket has no address, and then there is no TCP-info. */
	text_add(to, "Received: from %s", t->helo);
	if (t->client_address[0] != '\0') {
		trace_literal(t->client_address, literal);
		text_add(to, " (%s%s%s)", name != NULL ? name : "",
		    name != NULL ? " " : "", literal);
	}
	text_add(to, "\n");
}

/* RFC 8314 4.3: a clause of its own, behind all others. */
static void
add_tls(struct text *to, const struct tls_info *tls)
{
	const char *group = tls->group != NULL ? tls->group : "";

	if (tls->version == NULL || tls->version[0] == '\0')
		return;
	text_add(to, "\n\ttls %s (%s%s%s)", tls->cipher, tls->version,
	    group[0] != '\0' ? " " : "", group);
}

size_t
trace_fields(const struct trace *t, char *to, size_t size, unsigned *lines)
{
	struct text text = {.at = to, .size = size};
	char date[TRACE_DATE_MAX];

	if (trace_date(t->time, date) == -1)
		return 0;
	text_add(&text, "Return-Path: <%s>", t->reverse_path);
	text_add(&text, "\n");
	if (t->mailbox != NULL) {
		text_add(&text, "Delivered-To: %s", t->mailbox);
		text_add(&text, "\n");
	}
	add_from(&text, t);
	text_add(&text, "\tby %s with %s id %016" PRIx64, t->hostname, t->with,
	    t->id);
	if (t->forward_path != NULL) {
		text_add(&text, "\n");
		text_add(&text, "\tfor <%s>", t->forward_path);
	}
	add_tls(&text, &t->tls);
	text_add(&text, ";");
	text_add(&text, "\n");
	text_add(&text, "\t%s", date);
	text_add(&text, "\n");
	if (text.length >= size)
		return 0;
	*lines = 0;
	for (size_t i = 0; i < text.length; i++)
		*lines += to[i] == '\n';
	return text.length;
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

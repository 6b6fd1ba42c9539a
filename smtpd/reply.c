#include "reply.h"

#include "clock.h"
#include "fiber.h"
#include "meter.h"
#include "settings.h"

#include <stdarg.h>
#include <stdio.h>

/* RFC 5321 4.5.3.1.5, octets with the CRLF. */
#define REPLY_LINE_MAX 512

enum next
reply(struct smtp *s, const char *format, ...)
{
	char line[REPLY_LINE_MAX];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(line, sizeof(line) - 2, format, args);
	va_end(args);
	if (length < 0)
		return NEXT_DROP;
	if (length > REPLY_LINE_MAX - 3)
		length = REPLY_LINE_MAX - 3;
	line[length++] = '\r';
	line[length++] = '\n';
	conn_write(&s->conn, line, (size_t)length);
	if (line[3] != '-') /* RFC 5321 4.2.1: the last line of one */
		meter_add(METER_REPLIES + meter_code(line), 1);
	if (line[0] == '5')
		s->errors++;
	return NEXT_CMD;
}

enum next
reply_closing(struct smtp *s, const char *code, const char *text)
{
	char line[REPLY_LINE_MAX];
	int length;

	if (conn_error(&s->conn) == 0) {
		fiber_shield(1);
		s->conn.send_timeout = CLOCK_SECOND;
		reply(s, "421 %s %s %s", code, s->conf->hostname, text);
		conn_flush(&s->conn);
		fiber_shield(0);
		return NEXT_DROP;
	}
	/*
	 * The connection's calls fail since the wait that ended, while the
	 * socket is as good as before.  A reply that was cut off there would
	 * be the only thing in the way, and it leaves output behind.
	 */
	length = snprintf(line, sizeof(line), "421 %s %s %s\r\n", code,
	    s->conf->hostname, text);
	meter_add(METER_REPLIES + meter_code(line), 1);
	if (length > 0 && (size_t)length < sizeof(line))
		conn_last_words(&s->conn, line, (size_t)length);
	return NEXT_DROP;
}

enum next
reply_greeting(struct smtp *s)
{
	return reply(s, "220 %s %s ringmail", s->conf->hostname,
	    s->kind == KIND_LMTP ? "LMTP" : "ESMTP");
}

enum next
reply_syntax(struct smtp *s, const char *usage)
{
	return reply(s, "501 5.5.4 Syntax: %s", usage);
}

enum next
reply_no_memory(struct smtp *s)
{
	return reply(s, "452 4.3.1 Insufficient system storage");
}

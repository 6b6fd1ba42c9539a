#include "reply.h"

#include "log.h"
#include "meter.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* RFC 2449 4: a reply's line has at most 512 octets. */
#define LINE_MAX_OCTETS 512

/* A status and the text. */
__attribute__((format(printf, 3, 0))) static void
say(struct pop3 *p, const char *status, const char *format, va_list arguments)
{
	char text[LINE_MAX_OCTETS - sizeof("-ERR \r\n") + 1];

	meter_add(METER_REPLIES + meter_code(status), 1);
	vsnprintf(text, sizeof(text), lang_text(p->lang, format), arguments);
	conn_printf(&p->conn, "%s %s\r\n", status, text);
}

void
reply_ok(struct pop3 *p, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(p, "+OK", format, arguments);
	va_end(arguments);
}

void
reply_count_ok(void)
{
	meter_add(METER_REPLIES + meter_code("+OK"), 1);
}

enum next
reply_refuse(struct pop3 *p, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(p, "-ERR", format, arguments);
	va_end(arguments);
	return NEXT_CMD;
}

enum next
reply_wrong(struct pop3 *p, const char *text)
{
	text = lang_text(p->lang, text);
	if (++p->errors < p->conf->errors)
		return reply_refuse(p, "%s", text);
	reply_refuse(p, "%s; too many errors, closing", text);
	p->end = "too many errors";
	return NEXT_QUIT;
}

enum next
reply_no_message(struct pop3 *p, uint64_t number)
{
	if (number >= 1 && number <= p->drop.count)
		return reply_refuse(
		    p, "message %" PRIu64 " is deleted", number);
	return reply_refuse(p, "no message %" PRIu64 ", there are %" PRIu32,
	    number, p->drop.count);
}

enum next
reply_temporary(struct pop3 *p, const char *what)
{
	return reply_refuse(
	    p, "[SYS/TEMP] %s, try again later", lang_text(p->lang, what));
}

enum next
reply_damaged(struct pop3 *p)
{
	p->end = "the index is damaged";
	reply_temporary(p, "the maildrop's index is damaged");
	return NEXT_QUIT;
}

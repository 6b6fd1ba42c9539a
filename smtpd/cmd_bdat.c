#include "cmd.h"

#include "clock.h"
#include "command.h"
#include "incoming.h"
#include "log.h"
#include "reply.h"
#include "settings.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/*
 * BDAT, RFC 3030 2, one chunk a command:
 *
 *	RCPT --chunk--> BDAT --chunk--> BDAT --LAST--> READY
 *
 * The octets of a chunk follow its command at once, whatever the answer will
 * be: a chunk that is refused is read all the same.  After a refused one all
 * others up to RSET or LAST are refused too.
 */

/* "SIZE [LAST]": 0, or -1 where it is not. */
static int
parse(const char *argument, uint64_t *size, int *is_last)
{
	const struct command_param p = {
	    .value = argument, .value_length = strcspn(argument, " ")};
	const char *rest = argument + p.value_length;
	long long octets;

	if (p.value_length == 0 || command_size(&p, &octets) == -1)
		return -1;
	while (*rest == ' ')
		rest++;
	*size = (uint64_t)octets;
	*is_last = strcasecmp(rest, "LAST") == 0;
	return *rest == '\0' || *is_last ? 0 : -1;
}

/* The transaction's part in a chunk; else it goes nowhere. */
static int
is_wanted(const struct smtp *s)
{
	return s->mail.in != NULL && !s->mail.is_failed;
}

/* Reads a chunk.  0, or -1 where the connection failed. */
static int
receive(struct smtp *s, uint64_t size)
{
	int64_t end = clock_after(s->conf->message), deadline;
	char *data;
	size_t n;

	while (size > 0) {
		deadline =
		    clock_after(session_patience(s, s->conf->data_block));
		if (deadline > end)
			deadline = end;
		if (is_wanted(s))
			deadline = incoming_deadline(s);
		if ((n = conn_read_some(&s->conn, &data, deadline)) == 0)
			return -1;
		session_heard(s);
		if (n > size)
			n = (size_t)size;
		if (is_wanted(s))
			n = incoming_take(s, data, n);
		conn_consume(&s->conn, n);
		size -= n;
	}
	return 0;
}

/* Why no chunk may come now; NULL: it may. */
static const char *
objection(const struct smtp *s)
{
	if (s->mail.is_failed)
		return "503 5.5.1 A chunk before was refused";
	if (s->state == STATE_RCPT || s->state == STATE_BDAT)
		return NULL;
	if (s->state == STATE_MAIL)
		return "503 5.5.1 Bad sequence of commands: RCPT comes next";
	return "503 5.5.1 Bad sequence of commands: MAIL comes first";
}

/* Refuses a chunk that was read, and those that follow it. */
static enum next
refuse(struct smtp *s, const char *why, int is_last)
{
	enum session_state state = s->state;

	if (is_last && state == STATE_BDAT) {
		session_reset(s);
	} else if (state == STATE_RCPT || state == STATE_BDAT) {
		s->mail.is_failed = 1;
		s->state = STATE_BDAT;
	}
	return reply(s, "%s", why);
}

/* A chunk was taken. */
static enum next
answer(struct smtp *s, uint64_t size, int is_last)
{
	const char *fault = incoming_fault(s);

	if (is_last)
		return smtp_end_message(s);
	s->state = STATE_BDAT;
	if (fault != NULL)
		return refuse(s, fault, 0);
	return reply(s, "250 2.0.0 %" PRIu64 " octets received", size);
}

/* BDAT size [LAST] -- RFC 3030 2. */
enum next
smtp_cmd_bdat(struct smtp *s, char *argument)
{
	const char *why = objection(s);
	uint64_t size;
	int is_last;

	/* Where the chunk ends is not known: what follows is no command. */
	if (parse(argument, &size, &is_last) == -1) {
		reply_syntax(s, "BDAT octets [LAST]");
		return reply_closing(s, "4.5.0", "Lost in a chunk");
	}
	if (why == NULL && s->mail.in == NULL && incoming_begin(s, 1) == -1)
		why = "452 4.3.1 Insufficient system storage";
	if (receive(s, size) == -1) {
		log_info("message.aborted", log_id("session", s->id),
		    log_id("trace", s->mail.trace),
		    log_text("client", s->address));
		session_reset(s);
		return NEXT_CMD;
	}
	return why != NULL ? refuse(s, why, is_last) : answer(s, size, is_last);
}

#include "cmd.h"

#include "body.h"
#include "clock.h"
#include "fiber.h"
#include "log.h"
#include "mailbox.h"
#include "reply.h"
#include "service.h"
#include "settings.h"
#include "sink.h"
#include "trace.h"

#include <errno.h>
#include <inttypes.h>

/* A message on its way in. */
struct incoming {
	struct sink sink;
	struct body body;
	uint64_t fields;	    /* octets of the trace fields before it */
	unsigned lines;		    /* and their lines */
	int64_t time;		    /* wall clock at its begin, ns */
	enum mailbox_result result; /* not OK: it can't be kept */
};

/* The message's size as RFC 1870 5 counts it. */
static uint64_t
wire_size(const struct incoming *in)
{
	return in->sink.octets + in->sink.lines;
}

/* What is wrong with the message itself, as a reply; NULL for nothing. */
static const char *
fault(const struct smtp *s, const struct incoming *in)
{
	if (in->sink.faults & (SINK_BARE_CR | SINK_BARE_LF))
		/* RFC 5321 2.3.8 */
		return "550 5.6.0 Message has a CR or LF that is no CRLF";
	if (in->sink.faults & SINK_NUL)
		return "550 5.6.0 Message has a NUL";
	if (wire_size(in) > (uint64_t)s->conf->message_size)
		/* RFC 1870 6.3 */
		return "552 5.3.4 Message too large";
	if (in->sink.hops > s->conf->hops)
		/* RFC 5321 6.3 */
		return "554 5.4.6 Too many hops: a mail loop";
	return NULL;
}

static enum mailbox_result
storage_result(int error)
{
	return error == ENOSPC || error == EDQUOT || error == EFBIG
		   ? MAILBOX_FULL
		   : MAILBOX_TEMPORARY;
}

/* Moves what is in memory to the spool, which is opened if need be. */
static enum mailbox_result
spill(struct smtp *s, struct incoming *in)
{
	struct body *b = &in->body;
	enum mailbox_result result;

	if (b->spool == -1) {
		result = mailbox_spool(s->devices->mailbox, s->mail.names[0],
		    &b->spool, clock_after(s->conf->helper));
		if (result != MAILBOX_OK) {
			b->spool = -1;
			return result;
		}
	}
	return body_spill(b) == 0 ? MAILBOX_OK : storage_result(errno);
}

/* Room for more of the message; 0 with in->result set where there is none. */
static size_t
make_room(struct smtp *s, struct incoming *in)
{
	uint64_t hint = s->mail.declared > 0 ? s->mail.declared + TRACE_MAX : 0;
	size_t room = body_room(&in->body, hint);

	if (room > 0)
		return room;
	if (errno == ENOMEM)
		in->result = MAILBOX_TEMPORARY;
	else if ((in->result = spill(s, in)) == MAILBOX_OK)
		room = body_room(&in->body, hint);
	return room;
}

/* Takes some of the n octets of data: into the body, or into nothing. */
static size_t
take(struct smtp *s, struct incoming *in, char *data, size_t n)
{
	size_t room = 0, used, written;

	if (in->result == MAILBOX_OK && fault(s, in) == NULL)
		room = make_room(s, in);
	if (room == 0) {
		/* It is read to its end first, so that the reply is heard. */
		body_free(&in->body);
		return sink_take(&in->sink, data, n, data, &written);
	}
	used = sink_take(&in->sink, data, n < room ? n : room,
	    body_end(&in->body), &written);
	body_add(&in->body, written);
	return used;
}

/* Reads the message to its end.  0, or -1 where the connection failed. */
static int
receive(struct smtp *s, struct incoming *in)
{
	int64_t end = clock_after(s->conf->message), deadline;
	char *data;
	size_t n;

	while (in->sink.state != SINK_ENDED) {
		/* RFC 5321 4.5.3.2.5 */
		deadline = clock_after(s->conf->data_block);
		if (deadline > end)
			deadline = end;
		n = conn_read_some(&s->conn, &data, deadline);
		if (n == 0)
			return -1;
		conn_consume(&s->conn, take(s, in, data, n));
	}
	return 0;
}

/* Puts the trace fields where the message will follow: RFC 5321 4.4. */
static void
begin(struct smtp *s, struct incoming *in)
{
	struct trace t = {
	    .reverse_path = s->mail.reverse_path,
	    .helo = s->helo,
	    .is_extended = s->is_extended,
	    .client_name = s->client_name,
	    .client_address = s->client->address,
	    .hostname = s->conf->hostname,
	    .id = s->mail.trace,
	    .forward_path =
		s->mail.recipients == 1 ? s->mail.forward_path : NULL,
	    .time = in->time,
	};
	size_t room = make_room(s, in);

	if (room == 0)
		return;
	conn_tls_info(&s->conn, &t.tls);
	in->fields = trace_fields(
	    &t, body_end(&in->body), room - TRACE_LINES, &in->lines);
	if (in->fields == 0)
		in->result = MAILBOX_TEMPORARY;
	if (in->fields > 0 && s->mail.crlf) {
		in->fields =
		    trace_crlf(body_end(&in->body), in->fields, in->lines);
		in->lines = 0;
	}
	body_add(&in->body, in->fields);
}

/*
 * Hands the message over.  It may be durable before we hear so, and then a
 * client that is told something else sends it again: only the deadline ends
 * this wait, not a cancellation.
 */
static enum mailbox_result
commit(struct smtp *s, struct incoming *in)
{
	const struct mailbox_delivery d = {
	    .trace = s->mail.trace,
	    .received = in->time,
	    .count = s->mail.boxes,
	    .names = (const char(*)[WIRE_NAME_MAX])s->mail.names,
	    .size = in->fields + in->sink.octets,
	    .lines = in->lines + in->sink.lines,
	    .wire = s->mail.crlf && in->sink.dots == 0,
	    .body = in->body.memory,
	    .spool = in->body.spool,
	};
	enum mailbox_result result;

	fiber_shield(1);
	result = mailbox_deliver(
	    s->devices->mailbox, &d, clock_after(s->conf->commit));
	fiber_shield(0);
	return result;
}

static void
log_message(struct smtp *s, const struct incoming *in, const char *event,
    const char *text)
{
	log_info(event, log_id("session", s->id),
	    log_id("trace", s->mail.trace),
	    log_text("client", s->client->address), log_text("helo", s->helo),
	    log_text("from", s->mail.reverse_path),
	    log_text("to", s->mail.forward_path),
	    log_int("recipients", s->mail.recipients),
	    log_int("mailboxes", s->mail.boxes),
	    log_int("size", (int64_t)wire_size(in)), log_text("reply", text));
}

/* The one reply to the end of data: RFC 5321 4.1.1.4. */
static enum next
answer(struct smtp *s, const struct incoming *in)
{
	const char *text = fault(s, in);

	if (text == NULL && in->result == MAILBOX_OK) {
		log_message(s, in, "message.accepted", "250");
		s->errors = 0;
		return reply(s, "250 2.0.0 Ok id=%016" PRIx64, s->mail.trace);
	}
	if (text == NULL && in->result == MAILBOX_FULL)
		text = "452 4.2.2 Mailbox full";
	else if (text == NULL)
		text = "451 4.3.0 Try again later";
	log_message(s, in, "message.refused", text);
	return reply(s, "%s", text);
}

/* DATA -- RFC 5321 4.1.1.4. */
enum next
smtp_cmd_data(struct smtp *s, char *argument)
{
	struct incoming in = {.time = clock_wall(), .result = MAILBOX_OK};
	enum next next = NEXT_CMD;

	(void)argument;
	sink_init(&in.sink);
	in.sink.crlf = s->mail.crlf;
	body_init(&in.body);
	begin(s, &in);
	reply(s, "354 End data with <CRLF>.<CRLF>");
	conn_flush(&s->conn);
	if (receive(s, &in) == -1) {
		/* The loop meets the same failure, and says what can be. */
		log_message(s, &in, "message.aborted", NULL);
	} else {
		if (in.result == MAILBOX_OK && fault(s, &in) == NULL &&
		    body_must_spill(&in.body))
			in.result = spill(s, &in);
		if (in.result == MAILBOX_OK && fault(s, &in) == NULL)
			in.result = commit(s, &in);
		next = answer(s, &in);
	}
	body_free(&in.body);
	session_reset(s);
	return next;
}

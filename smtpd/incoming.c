#include "incoming.h"

#include "clock.h"
#include "service.h"
#include "session.h"
#include "settings.h"
#include "trace.h"

#include <errno.h>
#include <stdlib.h>

uint64_t
incoming_size(const struct incoming *in)
{
	return in->sink.octets + in->sink.lines;
}

const char *
incoming_fault(const struct smtp *s)
{
	const struct incoming *in = s->mail.in;

	if (in->sink.faults & (SINK_BARE_CR | SINK_BARE_LF))
		/* RFC 5321 2.3.8 */
		return "550 5.6.0 Message has a CR or LF that is no CRLF";
	if (in->sink.faults & SINK_NUL)
		return "550 5.6.0 Message has a NUL";
	if (incoming_size(in) > (uint64_t)s->conf->message_size)
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

size_t
incoming_take(struct smtp *s, const char *data, size_t n)
{
	struct incoming *in = s->mail.in;
	size_t room = 0, used, written;

	if (in->result == MAILBOX_OK && incoming_fault(s) == NULL)
		room = make_room(s, in);
	if (room == 0) {
		/* It is read to its end first, so that the reply is heard. */
		body_free(&in->body);
		return sink_take(&in->sink, data, n, NULL, &written);
	}
	used = sink_take(&in->sink, data, n < room ? n : room,
	    body_end(&in->body), &written);
	body_add(&in->body, written);
	return used;
}

void
incoming_finish(struct smtp *s)
{
	struct incoming *in = s->mail.in;

	if (in->sink.is_chunked && in->result == MAILBOX_OK &&
	    incoming_fault(s) == NULL && make_room(s, in) > 0)
		body_add(
		    &in->body, sink_finish(&in->sink, body_end(&in->body)));
	if (in->result == MAILBOX_OK && incoming_fault(s) == NULL &&
	    body_must_spill(&in->body))
		in->result = spill(s, in);
}

int64_t
incoming_deadline(const struct smtp *s)
{
	const struct incoming *in = s->mail.in;
	int64_t block = session_patience(s, s->conf->data_block);
	int64_t deadline = clock_after(block), least;
	uint64_t earned;

	if (deadline > in->end)
		deadline = in->end;
	if (s->conf->data_rate > 0) {
		earned = in->sink.octets / (uint64_t)s->conf->data_rate;
		least = in->begin + block + (int64_t)earned * CLOCK_SECOND;
		if (deadline > least)
			deadline = least;
	}
	return deadline;
}

/* Puts the trace fields where the message will follow: RFC 5321 4.4. */
static void
write_trace(struct smtp *s, struct incoming *in)
{
	struct trace t = {
	    .reverse_path = s->mail.reverse_path,
	    .helo = s->helo,
	    .with = trace_with(s->kind == KIND_LMTP, s->is_extended,
		s->mail.is_utf8, conn_is_tls(&s->conn), s->login != NULL),
	    .client_name = s->client_name,
	    .client_address = s->address,
	    .hostname = s->conf->hostname,
	    .id = s->mail.trace,
	    .forward_path =
		s->mail.recipients == 1 ? s->mail.list[0].path : NULL,
	    .mailbox = s->mail.boxes == 1 ? s->mail.names[0] : NULL,
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

int
incoming_begin(struct smtp *s, int is_chunked)
{
	struct incoming *in = malloc(sizeof(*in));

	if (in == NULL)
		return -1;
	*in = (struct incoming){.time = clock_wall(),
	    .begin = clock_now(),
	    .end = clock_after(s->conf->message),
	    .result = MAILBOX_OK};
	sink_init(&in->sink);
	in->sink.crlf = s->mail.crlf;
	in->sink.is_chunked = is_chunked;
	body_init(&in->body);
	s->mail.in = in;
	write_trace(s, in);
	return 0;
}

void
incoming_free(struct incoming **in)
{
	if (*in == NULL)
		return;
	body_free(&(*in)->body);
	free(*in);
	*in = NULL;
}

#include "cmd.h"

#include "address.h"
#include "clock.h"
#include "delivery.h"
#include "incoming.h"
#include "log.h"
#include "meter.h"
#include "notify.h"
#include "reply.h"
#include "settings.h"

#include <ctype.h>
#include <inttypes.h>

/* Reads the message to its end.  0, or -1 where the connection failed. */
static int
receive(struct smtp *s)
{
	char *data;
	size_t n;

	while (s->mail.in->sink.state != SINK_ENDED) {
		n = conn_read_some(&s->conn, &data, incoming_deadline(s));
		if (n == 0)
			return -1;
		session_heard(s);
		conn_consume(&s->conn, incoming_take(s, data, n));
	}
	return 0;
}

static void
log_message(struct smtp *s, const char *event, const char *text)
{
	const struct transaction *t = &s->mail;

	log_record(event, log_id("session", s->id), log_id("trace", t->trace),
	    log_text("client", s->address), log_text("helo", s->helo),
	    log_text("from", t->reverse_path), log_text("to", t->list[0].path),
	    log_int("recipients", t->recipients),
	    log_int("mailboxes", t->boxes),
	    log_int("size", (int64_t)incoming_size(t->in)),
	    log_text("reply", text));
}

/* The one reply to the end of data: RFC 5321 4.1.1.4. */
static void
answer(struct smtp *s, const char *text)
{
	log_message(s, text == NULL ? "message.accepted" : "message.refused",
	    text == NULL ? "250" : text);
	if (text == NULL)
		reply(s, "250 2.0.0 Ok id=%016" PRIx64, s->mail.trace);
	else
		reply(s, "%s", text);
}

/* RFC 6531 3.7.4.2: replies have no UTF-8, but for those of VRFY and EXPN. */
static void
write_ascii(const char *path, char *to, size_t size)
{
	size_t n = 0;

	for (; path[n] != '\0' && n + 1 < size; n++)
		to[n] = isascii((unsigned char)path[n]) ? path[n] : '?';
	to[n] = '\0';
}

/* RFC 2033 4.2: a reply for each recipient, in the order of their RCPTs. */
static void
answer_each(struct smtp *s)
{
	char path[ADDRESS_TEXT_MAX];

	for (unsigned i = 0; i < s->mail.recipients; i++) {
		const struct recipient *r = &s->mail.list[i];
		const char *text = delivery_reply(r->result);

		write_ascii(r->path, path, sizeof(path));
		if (text == NULL)
			reply(s, "250 2.1.5 <%s> Ok id=%016" PRIx64, path,
			    s->mail.trace);
		else
			reply(s, "%.9s <%s>%s", text, path, text + 9);
	}
}

/* What is wrong with the message: each recipient's answer is the same. */
static void
refuse_each(struct smtp *s, const char *text)
{
	for (unsigned i = 0; i < s->mail.recipients; i++)
		reply(s, "%s", text);
}

static unsigned
how_many_have_it(const struct smtp *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->mail.recipients; i++)
		n += s->mail.list[i].result == MAILBOX_OK;
	return n;
}

/* Delivers it; with each, every recipient for himself.  NULL, or the reply
 * where nobody has it. */
static const char *
deliver(struct smtp *s, int each)
{
	const char *text = incoming_fault(s);
	int result = s->mail.in->result;

	if (text == NULL && result == MAILBOX_OK)
		result = delivery_commit(s, each);
	else
		for (unsigned i = 0; i < s->mail.recipients; i++)
			s->mail.list[i].result =
			    result == MAILBOX_OK ? MAILBOX_TEMPORARY : result;
	if (text == NULL && !(each && how_many_have_it(s) > 0))
		text = delivery_reply(result);
	if (text == NULL) {
		s->errors = 0;
		s->accepted++;
		notify_success(s);
	}
	return text;
}

/* PRDR: 353, a reply for each recipient, and one for all.  Where all fare
 * alike, the last one does alone. */
static void
answer_prdr(struct smtp *s, const char *text)
{
	int is_mixed = 0;

	for (unsigned i = 1; i < s->mail.recipients; i++)
		is_mixed |= s->mail.list[i].result != s->mail.list[0].result;
	if (is_mixed) {
		reply(s, "353 Each recipient's result follows");
		answer_each(s);
	}
	answer(s, text);
}

/* text: as deliver. */
static void
count(const struct smtp *s, const char *text)
{
	const struct incoming *in = s->mail.in;
	enum meter_result result = METER_GOOD;

	if (text == NULL) {
		meter_add(METER_MESSAGE_OCTETS, in->fields + in->sink.octets);
		meter_add(METER_RECIPIENTS, how_many_have_it(s));
	} else {
		result = text[0] == '4' ? METER_TEMPORARY : METER_BAD;
	}
	meter_add(METER_MESSAGES + result, 1);
}

enum next
smtp_end_message(struct smtp *s)
{
	int is_lmtp = s->kind == KIND_LMTP;
	const char *text;

	incoming_finish(s);
	text = deliver(s, is_lmtp || s->mail.is_prdr);
	count(s, text);
	if (is_lmtp) {
		log_message(s,
		    text == NULL ? "message.accepted" : "message.refused",
		    text);
		if (incoming_fault(s) != NULL)
			refuse_each(s, text);
		else
			answer_each(s);
	} else if (s->mail.is_prdr) {
		answer_prdr(s, text);
	} else {
		answer(s, text);
	}
	session_reset(s);
	return NEXT_CMD;
}

/* DATA -- RFC 5321 4.1.1.4. */
enum next
smtp_cmd_data(struct smtp *s, char *argument)
{
	(void)argument;
	if (incoming_begin(s, 0) == -1)
		return reply_no_memory(s);
	reply(s, "354 End data with <CRLF>.<CRLF>");
	conn_flush(&s->conn);
	if (receive(s) == 0)
		return smtp_end_message(s);
	/* The loop meets the same failure, and says what can be. */
	log_message(s, "message.aborted", NULL);
	session_reset(s);
	return NEXT_CMD;
}

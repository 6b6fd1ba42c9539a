#include "session.h"

#include "clock.h"
#include "command.h"
#include "log.h"
#include "outgoing.h"
#include "reply.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* RFC 2449 4: a command has at most 255 octets, CRLF included. */
#define COMMAND_MAX 255

int
session_allows_plaintext(const struct pop3 *p)
{
	return p->conf->plaintext_login == PLAINTEXT_ALWAYS ||
	       (p->conf->plaintext_login == PLAINTEXT_LOOPBACK &&
		   p->client->is_local);
}

void
session_close_maildrop(struct pop3 *p)
{
	if (p->state != TRANSACTION)
		return;
	outgoing_forget(p);
	if (p->drop.is_damaged)
		mailbox_damaged(&p->box, clock_after(p->conf->helper));
	mailbox_close(&p->box);
	maildrop_free(&p->drop);
	p->state = AUTHORIZATION;
}

/* One command, in and out. */
static enum next
serve(struct pop3 *p)
{
	enum conn_line got;
	size_t length;
	char *line;

	/* RFC 1939 3: after the autologout nothing is sent or removed. */
	got = conn_read_line(
	    &p->conn, &line, &length, COMMAND_MAX, clock_after(p->conf->idle));
	if (got == CONN_LINE_FAILED)
		return NEXT_DROP;
	if (got == CONN_LINE_TOO_LONG)
		return reply_wrong(p, "a line that is too long");
	return command_run(p, line, length);
}

static const char *
why_ended(const struct pop3 *p)
{
	switch (conn_error(&p->conn)) {
	case 0:
		return p->end != NULL ? p->end : "dropped";
	case ETIMEDOUT:
		return "autologout";
	case ECANCELED:
		return "shutdown";
	default:
		return "hang-up";
	}
}

static void
end(struct pop3 *p)
{
	const char *why = why_ended(p);

	/* Without QUIT there is no UPDATE state: nothing is removed. */
	session_close_maildrop(p);
	maildrop_free(&p->drop);
	conn_close(&p->conn);
	log_info("session.end", log_id("session", p->client->id),
	    log_text("client", p->client->address), log_text("box", p->name),
	    log_text("why", why), log_int("retrieved", p->retrieved),
	    log_int("deleted", p->deleted),
	    log_int("sent", (int64_t)p->conn.octets_out));
	free(p->user);
	free(p->name);
}

void
session_main(struct service_client *client, const void *conf)
{
	struct pop3 p = {
	    .conf = conf, .client = client, .state = AUTHORIZATION};
	enum next next = NEXT_CMD;

	maildrop_init(&p.drop);
	mailbox_fetched_init(&p.ahead.letters);
	if (conn_open(&p.conn, client->fd, p.conf->send) == -1) {
		log_warn("session.refused", log_errno(errno));
		return;
	}
	conn_printf(&p.conn, "+OK %s POP3 ready\r\n", p.conf->hostname);
	while (next == NEXT_CMD && conn_error(&p.conn) == 0)
		next = serve(&p);
	if (next == NEXT_QUIT)
		conn_flush(&p.conn);
	end(&p);
}

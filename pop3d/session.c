#include "session.h"

#include "backend.h"
#include "clock.h"
#include "command.h"
#include "limits.h"
#include "log.h"
#include "meter.h"
#include "network.h"
#include "outgoing.h"
#include "proxy.h"
#include "reply.h"
#include "seen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A line as it is read; how long a command may be is its own matter. */
#define LINE_MAX 12290

/* How long a balancer may take to say whom it speaks for. */
#define PROXY_TIME (10 * CLOCK_SECOND)
/* Proxies that a session may pass where none has counted. */
#define HOPS 5

int
session_allows_plaintext(const struct pop3 *p)
{
	return conn_is_tls(&p->conn) || p->is_secured ||
	       p->conf->plaintext_login == PLAINTEXT_ALWAYS ||
	       (p->conf->plaintext_login == PLAINTEXT_LOOPBACK &&
		   p->client->is_local);
}

void
session_close_maildrop(struct pop3 *p)
{
	if (p->state != TRANSACTION)
		return;
	outgoing_forget(p);
	seen_flush(p);
	if (p->drop.is_damaged)
		mailbox_damaged(&p->box, clock_after(p->conf->helper));
	mailbox_close(&p->box);
	maildrop_free(&p->drop);
	limits_leave_user(p);
	p->state = AUTHORIZATION;
}

int64_t
session_idle(const struct pop3 *p)
{
	if (p->state != AUTHORIZATION)
		return p->conf->idle;
	return service_patience(p->client, &p->conf->service, p->conf->idle);
}

/* One command, in and out. */
static enum next
serve(struct pop3 *p)
{
	enum conn_line got;
	size_t length;
	char *line;

	/* RFC 1939 3: after the autologout nothing is sent or removed. */
	p->client->standing.is_kept = p->state != AUTHORIZATION;
	got = conn_read_line(
	    &p->conn, &line, &length, LINE_MAX, clock_after(session_idle(p)));
	service_heard(p->client, p->errors + p->failures, 0);
	if (got == CONN_LINE_FAILED)
		return NEXT_DROP;
	if (got == CONN_LINE_TOO_LONG) {
		meter_add(METER_COMMAND, 1); /* other */
		return reply_wrong(p, "a line that is too long");
	}
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
		if (p->client->standing.is_dropped)
			return "dropped";
		return p->client->standing.is_turned_away ? "turned away"
							  : "shutdown";
	default:
		return "hang-up";
	}
}

/* A balancer in front: who is it that it speaks for?  0 or -1. */
static int
learn_client(struct pop3 *p)
{
	struct service_client *client = p->client;
	struct proxy proxy;

	if (!network_list_has(&p->conf->proxy, &client->peer))
		return 0;
	if (proxy_receive(&p->conn, &proxy, clock_after(PROXY_TIME)) == -1) {
		if (conn_error(&p->conn) == 0)
			p->end = "no PROXY header";
		return -1;
	}
	if (!proxy.has_addresses)
		return 0;
	client->peer = proxy.from;
	client->is_local = listen_is_loopback(&client->peer);
	listen_text(&client->peer, client->address);
	p->is_secured = proxy.is_tls;
	return 0;
}

/* Everything before the first command: 0, or -1 where there is none. */
static int
begin(struct pop3 *p)
{
	char timestamp[COMMAND_TIMESTAMP];

	if (learn_client(p) == -1)
		return -1;
	p->is_trusted = network_list_has(&p->conf->xclient, &p->client->peer);
	/* A proxy is counted once it has told who its client is. */
	if (!p->is_trusted && limits_enter_address(p) == -1) {
		p->end = "too many sessions";
		if (p->client->is_tls)
			return -1;
		reply_refuse(
		    p, "[SYS/TEMP] too many sessions from your address");
		conn_flush(&p->conn);
		return -1;
	}
	/* RFC 8314 3.2 */
	if (p->client->is_tls && cmd_stls_begin(p) == NEXT_DROP)
		return -1;
	cmd_auth_timestamp(p, timestamp, sizeof(timestamp));
	conn_printf(&p->conn, "+OK %s%s POP3 ready%s%s\r\n",
	    p->is_trusted ? "[XCLIENT] " : "", p->conf->hostname,
	    timestamp[0] != '\0' ? " " : "", timestamp);
	reply_count_ok();
	meter_time(METER_BANNER_TIME, clock_now() - p->client->accepted);
	return 0;
}

static void
end(struct pop3 *p)
{
	const char *why = why_ended(p);

	p->client->session = NULL;
	if (p->client->standing.is_turned_away) {
		meter_add(METER_REPLIES + meter_code(p->client->busy), 1);
		conn_last_words(
		    &p->conn, p->client->busy, strlen(p->client->busy));
	}
	/* Without QUIT there is no UPDATE state: nothing is removed. */
	backend_close(p);
	session_close_maildrop(p);
	maildrop_free(&p->drop);
	limits_leave(p);
	conn_close(&p->conn);
	log_info("session.end", log_id("session", p->client->id),
	    log_text("client", p->client->address), log_text("box", p->name),
	    log_text("why", why), log_int("retrieved", p->retrieved),
	    log_int("retrieved_octets", (int64_t)p->retrieved_octets),
	    log_int("deleted", p->deleted),
	    log_int("deleted_octets", (int64_t)p->deleted_octets),
	    log_int("ms", (clock_now() - p->opened) / CLOCK_MILLISECOND),
	    log_int("sent", (int64_t)p->conn.octets_out));
	free(p->user);
	free(p->name);
}

void
session_view(const void *session, struct service_view *v)
{
	const struct pop3 *p = session;

	v->user = p->name;
	v->command = p->doing;
	v->in = p->conn.octets_in;
	v->out = p->conn.octets_out;
	v->is_tls = conn_is_tls(&p->conn);
}

void
session_main(struct service_client *client, const void *conf)
{
	struct pop3 p = {.conf = conf,
	    .client = client,
	    .state = AUTHORIZATION,
	    .hops = HOPS};
	enum next next = NEXT_CMD;

	p.opened = clock_now();
	maildrop_init(&p.drop);
	mailbox_fetched_init(&p.ahead.letters);
	if (conn_open(&p.conn, client->fd, p.conf->send) == -1) {
		log_warn("session.refused", log_errno(errno));
		return;
	}
	client->session = &p;
	if (begin(&p) == -1)
		next = NEXT_DROP;
	while (next == NEXT_CMD && conn_error(&p.conn) == 0)
		next = p.backend != NULL ? backend_pass(&p) : serve(&p);
	if (next == NEXT_QUIT)
		conn_flush(&p.conn);
	end(&p);
}

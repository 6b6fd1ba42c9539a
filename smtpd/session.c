#include "session.h"

#include "client.h"
#include "clock.h"
#include "cmd.h"
#include "command.h"
#include "device.h"
#include "early.h"
#include "fiber.h"
#include "incoming.h"
#include "keys.h"
#include "limits.h"
#include "log.h"
#include "mailbox.h"
#include "meter.h"
#include "reply.h"
#include "service.h"
#include "settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Requests of one worker to one helper, under way or waiting. */
#define REQUESTS 4096

/* Octets of the names of a session, and of the paths of a transaction. */
#define NAMES_MAX 4096
#define PATHS_MAX 262144

/* What is waited for, and thrown away, so that the last reply is not lost. */
#define LINGER_TIME   CLOCK_SECOND
#define LINGER_OCTETS 65536

static _Thread_local struct session_devices devices;

static struct device *
open_device(const char *name, const char *path)
{
	struct device *d = device_open(name, path, REQUESTS);

	if (d == NULL)
		log_error("device.failed", log_text("device", name),
		    log_errno(errno));
	return d;
}

int
session_open(const void *conf)
{
	(void)conf;
	devices.accounts = open_device("accounts", "accounts");
	devices.mailbox = mailbox_connect("mailbox", REQUESTS);
	if (devices.mailbox == NULL)
		log_error("device.failed", log_text("device", "mailbox"),
		    log_errno(errno));
	/* A reload may turn client_names on. */
	devices.resolver = open_device("resolver", "resolver");
	if (devices.accounts != NULL && devices.mailbox != NULL &&
	    devices.resolver != NULL && keys_open() == 0)
		return 0;
	session_close();
	return -1;
}

void
session_close(void)
{
	device_close(&devices.accounts);
	mailbox_disconnect(&devices.mailbox);
	device_close(&devices.resolver);
	keys_close();
}

void
session_reset(struct smtp *s)
{
	struct arena arena = s->mail.arena;

	arena_reset(&arena);
	incoming_free(&s->mail.in);
	free(s->mail.list);
	free(s->mail.names);
	s->mail = (struct transaction){.arena = arena};
	if (s->state != STATE_START)
		s->state = STATE_READY;
}

void
session_begin_anew(struct smtp *s)
{
	session_reset(s);
	s->state = STATE_START;
	s->is_extended = 0;
	arena_reset(&s->arena);
	s->helo = NULL;
	s->client_name = NULL;
	s->is_name_known = 0;
}

int64_t
session_patience(const struct smtp *s, int64_t timeout)
{
	return service_patience(s->client, &s->conf->service, timeout);
}

void
session_heard(struct smtp *s)
{
	service_heard(s->client, (unsigned)(s->errors + s->unknown),
	    s->login != NULL || s->accepted > 0);
}

/* RFC 5321 4.1.4: what would have been right. */
static void
refuse_state(struct smtp *s)
{
	const char *hint =
	    s->kind == KIND_LMTP ? "say LHLO first" : "say EHLO or HELO first";

	if (s->state == STATE_READY)
		hint = "MAIL comes first";
	else if (s->state == STATE_MAIL)
		hint = "RCPT comes next";
	else if (s->state == STATE_RCPT)
		hint = "RCPT, DATA or RSET comes next";
	else if (s->state == STATE_BDAT)
		hint = "BDAT or RSET comes next";
	reply(s, "503 5.5.1 Bad sequence of commands: %s", hint);
}

static size_t
line_limit(const struct cmd *c)
{
	if (c->flags & AUTH_LINE)
		return COMMAND_AUTH_MAX;
	return c->flags & LONG_LINE ? COMMAND_LONG_MAX : COMMAND_LINE_MAX;
}

/* Whether the command may be given here; else it was refused. */
static int
is_allowed(
    struct smtp *s, const struct cmd *c, const char *argument, size_t length)
{
	if (length + 2 > line_limit(c))
		reply(s, "500 5.5.2 Line too long");
	else if ((c->states & s->state) == 0)
		refuse_state(s);
	else if ((c->flags & ALONE) && s->conf->strict_pipelining &&
		 conn_has_input(&s->conn))
		/* RFC 2920 3.1: what may follow is known after its reply;
		 * RFC 5321 4.1.4 has these codes for a refused EHLO. */
		reply(s, "550 5.5.0 %s must be the last of a group", c->verb);
	else if ((c->flags & NO_ARGUMENT) && argument[0] != '\0')
		reply(s, "501 5.5.4 %s takes no argument", c->verb);
	else
		return 1;
	return 0;
}

/* Finds the command of a line and calls it. */
static enum next
run_command(struct smtp *s, char *line, size_t length)
{
	char *verb, *argument = command_split(line, &verb);
	const struct cmd *c = cmd_find(verb, s->kind);
	int64_t since = clock_now();
	enum next next = NEXT_CMD;
	int is_last = 1;

	meter_add(METER_COMMAND + (c != NULL ? meter_command(verb) : 0), 1);
	if (c == NULL) {
		reply(s, "500 5.5.1 Command unknown");
	} else if (is_allowed(s, c, argument, length)) {
		s->doing = c->verb;
		next = c->run(s, argument);
		is_last = (c->flags & LAST_IN_GROUP) != 0;
	}
	meter_time(METER_COMMAND_TIME, clock_now() - since);
	/* RFC 2920 3.2: the replies to others leave when the input is used up,
	 * which conn_read_line sees to. */
	if (is_last)
		conn_flush(&s->conn);
	return next;
}

/* No further command comes; a client that is still there hears why. */
static enum next
say_why(struct smtp *s)
{
	if (s->client->standing.is_dropped)
		return reply_closing(s, "4.3.2", "Ended by the administrator");
	if (s->client->standing.is_turned_away)
		return reply_closing(s, "4.3.2", "Too many sessions");
	if (fiber_cancelled())
		return reply_closing(s, "4.3.2", "Shutting down");
	if (conn_error(&s->conn) == ETIMEDOUT)
		return reply_closing(s, "4.4.2", "Timeout");
	return NEXT_DROP;
}

static int64_t
command_deadline(const struct smtp *s)
{
	int64_t deadline = clock_after(session_patience(s, s->conf->command));

	return deadline < s->end ? deadline : s->end;
}

/* What ends a session that goes on badly; NULL: it may go on. */
static const char *
abuse(const struct smtp *s)
{
	if (s->errors > s->conf->errors)
		return "Too many errors";
	if (s->unknown > s->conf->unknown_recipients)
		return "Too many unknown recipients";
	return NULL;
}

/* RFC 2920 3.2: a reply to what is no command is not held back. */
static enum next
refuse_line(struct smtp *s, const char *why)
{
	meter_add(METER_COMMAND, 1); /* other */
	reply(s, "500 5.5.2 %s", why);
	conn_flush(&s->conn);
	return NEXT_CMD;
}

static enum next
read_command(struct smtp *s)
{
	char *line;
	const char *why;
	size_t length;
	enum next next = NEXT_CMD;

	if (fiber_cancelled())
		return say_why(s);
	switch (conn_read_line(
	    &s->conn, &line, &length, COMMAND_AUTH_MAX, command_deadline(s))) {
	case CONN_LINE_FAILED:
		return say_why(s);
	case CONN_LINE_TOO_LONG:
		/* RFC 5321 4.5.3.1.9 */
		next = refuse_line(s, "Line too long");
		break;
	case CONN_LINE:
		/* RFC 5321 2.3.8: nothing but CRLF ends a line. */
		if (s->conn.bare_lf || strlen(line) != length)
			next = refuse_line(
			    s, "Line must end in CRLF and have no NUL");
		else
			next = run_command(s, line, length);
	}
	session_heard(s);
	if (next == NEXT_CMD && (why = abuse(s)) != NULL) {
		log_info("client.errors", log_id("session", s->id),
		    log_text("client", s->address),
		    log_int("errors", s->errors),
		    log_int("unknown", s->unknown));
		return reply_closing(s, "4.7.0", why);
	}
	return next;
}

/*
 * Closing a socket with unread input resets the connection, and with it goes
 * what we said last: so input is read off first, for a moment.
 */
static void
linger(struct smtp *s)
{
	int64_t deadline = clock_after(LINGER_TIME);
	size_t n, total = 0;
	char *data;

	conn_shutdown(&s->conn);
	while (total < LINGER_OCTETS &&
	       (n = conn_read_some(&s->conn, &data, deadline)) > 0) {
		conn_consume(&s->conn, n);
		total += n;
	}
}

/* The first octet shows a handshake where none is due, or another protocol that
 * is no text: no line ever comes. */
static enum next
see_first(struct smtp *s)
{
	char *data;

	if (conn_read_some(&s->conn, &data, command_deadline(s)) == 0)
		return say_why(s);
	if (!iscntrl((unsigned char)data[0]) || isspace((unsigned char)data[0]))
		return NEXT_CMD;
	log_info(
	    data[0] == EARLY_TLS_HANDSHAKE ? "client.tls" : "client.binary",
	    log_id("session", s->id), log_text("client", s->address));
	return NEXT_DROP;
}

/* RFC 5321 3.1, 4.3.1: the greeting, then commands until one is the last. */
static void
serve(struct smtp *s)
{
	enum next next = client_begin(s);

	log_debug("client.connected", log_id("session", s->id),
	    log_text("client", s->address));
	if (next == NEXT_CMD)
		next = early_check(s);
	if (next == NEXT_CMD) {
		next = reply_greeting(s);
		meter_time(
		    METER_BANNER_TIME, clock_now() - s->client->accepted);
	}
	if (next == NEXT_CMD)
		next = see_first(s);
	while (next == NEXT_CMD)
		next = read_command(s);
	if (next == NEXT_DROP || conn_has_input(&s->conn))
		linger(s);
	else
		conn_flush(&s->conn);
	limits_leave(s);
	log_debug("client.closed", log_id("session", s->id),
	    log_int("messages", (int64_t)s->messages),
	    log_int("in", (int64_t)s->conn.octets_in),
	    log_int("out", (int64_t)s->conn.octets_out));
}

void
session_view(const void *session, struct service_view *v)
{
	const struct smtp *s = session;

	v->address = s->address;
	v->user = s->login;
	v->command = s->doing;
	v->in = s->conn.octets_in;
	v->out = s->conn.octets_out;
	v->is_tls = conn_is_tls(&s->conn);
}

void
session_run(struct service_client *c, const void *conf)
{
	struct smtp *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		close(c->fd);
		return;
	}
	s->conf = conf;
	s->devices = &devices;
	s->client = c;
	s->end = clock_after(s->conf->session);
	s->id = c->id;
	s->state = STATE_START;
	arena_init(&s->arena, NAMES_MAX);
	arena_init(&s->mail.arena, PATHS_MAX);
	if (conn_open(&s->conn, c->fd, s->conf->send) == 0) {
		c->session = s;
		serve(s);
		c->session = NULL;
		session_reset(s);
		conn_close(&s->conn);
	} else {
		log_warn("client.failed", log_id("session", s->id),
		    log_errno(errno));
	}
	arena_reset(&s->arena);
	cmd_auth_forget(s);
	free(s);
}

#include "backend.h"

#include "backend_capa.h"
#include "backend_login.h"
#include "client.h"
#include "clock.h"
#include "conn_pass.h"
#include "dial.h"
#include "limits.h"
#include "log.h"
#include "login.h"
#include "reply.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The name of a backend for logs: host and port. */
#define PLACE_MAX (WIRE_HOST_MAX + 8)

struct backend {
	struct conn conn;
	int is_open;
	int64_t opened; /* monotonic ns */
	char place[PLACE_MAX];
};

/* An attempt to log in: what it is about and how it goes. */
struct attempt {
	struct pop3 *p;
	const char *mechanism;
	const struct sasl_login *login;
	struct backend *backend;
	char address[LISTEN_TEXT_MAX];
	struct backend_login there;
};

static void
free_backend(struct backend **b)
{
	if ((*b)->is_open)
		conn_close(&(*b)->conn);
	free(*b);
	*b = NULL;
}

static void
log_failure(const struct attempt *a, const char *event, const char *why)
{
	log_warn(event, log_id("session", a->p->client->id),
	    log_text("client", a->p->client->address),
	    log_text("box", a->login->name),
	    log_text("backend", a->backend->place),
	    log_text("address", a->address), log_text("why", why));
}

/* A connected socket, or -1. */
static int
connect_to(struct attempt *a, enum backend_login_result *result)
{
	const struct sasl_backend *to = &a->login->backend;
	enum dial_result dialled;
	int fd, error;

	dialled = dial_connect(client_resolver(), to->host, to->port,
	    a->there.deadline, &fd, a->address, &error);
	if (dialled == DIAL_OK)
		return fd;
	*result = dialled == DIAL_FORBIDDEN ? BACKEND_LOGIN_NEVER
					    : BACKEND_LOGIN_FAILED;
	snprintf(a->there.why, sizeof(a->there.why), "%s%s%s",
	    dial_text(dialled), error != 0 ? ": " : "",
	    error != 0 ? strerror(error) : "");
	return -1;
}

/* Connects and logs in. */
static enum backend_login_result
log_in(struct attempt *a)
{
	const struct settings *conf = a->p->conf;
	enum backend_login_result result = BACKEND_LOGIN_FAILED;
	struct backend *b = a->backend;
	int fd;

	a->there.deadline = clock_after(conf->backend);
	if ((fd = connect_to(a, &result)) == -1)
		return result;
	if (conn_open(&b->conn, fd, conf->send) == -1) {
		snprintf(
		    a->there.why, sizeof(a->there.why), "%s", strerror(errno));
		return BACKEND_LOGIN_FAILED;
	}
	b->is_open = 1;
	a->there.p = a->p;
	a->there.to = &a->login->backend;
	a->there.conn = &b->conn;
	return backend_login_run(&a->there);
}

/* Tells accounts what the backend made of a password that it has to judge: the
 * wait that is due before a denial, ms. */
static unsigned
tell_accounts(const struct attempt *a, enum backend_login_result result)
{
	uint32_t handle = a->login->backend.handle;
	int64_t deadline = clock_after(a->p->conf->helper);
	unsigned delay = 0;

	if (handle == 0)
		return 0;
	if (result == BACKEND_LOGIN_OK || result == BACKEND_LOGIN_DENIED)
		sasl_proved(client_accounts(), handle,
		    result == BACKEND_LOGIN_OK, &delay, deadline);
	else
		sasl_unproved(client_accounts(), handle, deadline);
	return delay;
}

/* What our list of capabilities promised and the backend does not keep. */
static void
compare(const struct attempt *a)
{
	char lacks[128];

	if (backend_capa_lacks(
		a->there.capa, &a->p->conf->without, lacks, sizeof(lacks)) > 0)
		log_failure(a, "backend.lacks", lacks);
}

static enum next
enter(struct attempt *a)
{
	struct pop3 *p = a->p;
	struct tls_info info;

	if ((p->name = strdup(a->login->name)) == NULL)
		return reply_temporary(p, "no memory");
	compare(a);
	conn_tls_info(&a->backend->conn, &info);
	log_info("login", log_id("session", p->client->id),
	    log_text("client", p->client->address), log_text("box", p->name),
	    log_text("mechanism", a->mechanism),
	    log_text("backend", a->backend->place),
	    log_text("address", a->address), log_text("tls", info.version));
	p->backend = a->backend;
	a->backend = NULL;
	reply_ok(p, "your mailbox is open");
	return NEXT_CMD;
}

/* Answers what came of it. */
static enum next
answer(struct attempt *a, enum backend_login_result result)
{
	unsigned delay = tell_accounts(a, result);
	struct pop3 *p = a->p;

	if (result == BACKEND_LOGIN_OK)
		return enter(a);
	log_failure(a,
	    result == BACKEND_LOGIN_DENIED ? "backend.denied"
					   : "backend.failed",
	    a->there.why);
	switch (result) {
	case BACKEND_LOGIN_DENIED:
		if (login_hold_back(delay * CLOCK_MILLISECOND) == -1)
			return NEXT_DROP;
		return login_deny(p, a->mechanism, a->login->name);
	case BACKEND_LOGIN_IN_USE:
		return reply_refuse(
		    p, "[IN-USE] another session has the maildrop");
	case BACKEND_LOGIN_DELAY:
		return reply_refuse(
		    p, "[LOGIN-DELAY] you were here a moment ago");
	case BACKEND_LOGIN_NEVER:
		return reply_refuse(
		    p, "[SYS/PERM] your mailbox's server refuses you");
	default:
		return reply_temporary(
		    p, "your mailbox's server can't be reached");
	}
}

/* The login is counted while it is under way, and the session as long as it
 * lasts. */
static enum next
attempt(struct attempt *a)
{
	const char *name = a->login->name;
	enum backend_login_result result = BACKEND_LOGIN_FAILED;
	struct pop3 *p = a->p;
	enum next next;

	if (limits_enter_user(p, name) == -1) {
		tell_accounts(a, BACKEND_LOGIN_FAILED);
		return reply_refuse(p, "[IN-USE] you have too many sessions");
	}
	if (limits_enter_backend(name) == 0) {
		result = log_in(a);
		limits_leave_backend(name);
	} else {
		snprintf(a->there.why, sizeof(a->there.why),
		    "too many logins of this user are under way");
	}
	next = answer(a, result);
	if (p->backend == NULL)
		limits_leave_user(p);
	return next;
}

enum next
backend_enter(
    struct pop3 *p, const char *mechanism, const struct sasl_login *login)
{
	struct backend *b = calloc(1, sizeof(*b));
	struct attempt a = {
	    .p = p, .mechanism = mechanism, .login = login, .backend = b};
	enum next next;

	if (b == NULL) {
		tell_accounts(&a, BACKEND_LOGIN_FAILED);
		return reply_temporary(p, "no memory");
	}
	b->opened = clock_now();
	snprintf(b->place, sizeof(b->place), "%s:%u", login->backend.host,
	    login->backend.port);
	if (login->backend.password[0] == '\0') {
		log_failure(&a, "backend.failed", "there is no password");
		next = reply_refuse(p, "[SYS/PERM] your mailbox needs a login "
				       "by PLAIN or USER");
	} else if (p->hops <= 1) {
		tell_accounts(&a, BACKEND_LOGIN_FAILED);
		log_failure(&a, "backend.failed", "too many proxies");
		next =
		    reply_refuse(p, "[SYS/PERM] you are handed on in a circle");
	} else {
		next = attempt(&a);
	}
	if (a.backend != NULL)
		free_backend(&a.backend);
	return next;
}

enum next
backend_pass(struct pop3 *p)
{
	struct conn *there = &p->backend->conn;

	/* As in a maildrop here: it keeps its place. */
	p->client->standing.is_kept = 1;
	if (conn_flush(&p->conn) == -1)
		return NEXT_DROP;
	switch (conn_pass(&p->conn, there, p->conf->idle)) {
	case CONN_PASS_FIRST:
		p->end = "hang-up";
		break;
	case CONN_PASS_SECOND:
		p->end = "closed by the backend";
		break;
	case CONN_PASS_TIME:
		p->end = "autologout";
		break;
	case CONN_PASS_CANCELLED:
		p->end = "shutdown";
	}
	return NEXT_DROP;
}

void
backend_close(struct pop3 *p)
{
	struct backend *b = p->backend;

	if (b == NULL)
		return;
	log_info("backend.end", log_id("session", p->client->id),
	    log_text("box", p->name), log_text("backend", b->place),
	    log_text("why", p->end),
	    log_int("received", (int64_t)b->conn.octets_in),
	    log_int("sent", (int64_t)b->conn.octets_out),
	    log_int("ms", (clock_now() - b->opened) / CLOCK_MILLISECOND));
	free_backend(&p->backend);
}

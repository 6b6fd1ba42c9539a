#include "login.h"

#include "client.h"
#include "clock.h"
#include "limits.h"
#include "log.h"
#include "mailbox_visit.h"
#include "policy.h"
#include "reply.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

int
login_hold_back(int64_t ns)
{
	int64_t until = clock_after(ns);

	while (ring_sleep(ring_self(), until) == -1)
		if (errno != EINTR)
			return -1;
	return 0;
}

enum next
login_deny(struct pop3 *p, const char *mechanism, const char *user)
{
	log_info("login.refused", log_id("session", p->client->id),
	    log_text("client", p->client->address),
	    log_text("mechanism", mechanism), log_text("user", user));
	if (login_hold_back(p->conf->failed_login * ++p->failures) == -1)
		return NEXT_DROP;
	if (p->failures < p->conf->logins)
		return reply_refuse(p, "[AUTH] wrong user name or password");
	reply_refuse(p, "[AUTH] wrong user name or password, closing");
	p->end = "too many failed logins";
	return NEXT_QUIT;
}

/* RFC 2449 6.5 and 8.1.1: when the user was here last, where the conf asks for
 * that.  Returns 0, or -1 after a refusal. */
static int
visit(struct pop3 *p)
{
	const struct settings *conf = p->conf;
	struct mailbox_visit before;
	enum mailbox_result result;

	if (conf->login_delay == 0 && !conf->last_login)
		return 0;
	result = mailbox_visit(&p->box, conf->login_delay, p->client->address,
	    &before, clock_after(conf->helper));
	if (result == MAILBOX_OK) {
		log_debug("login.before", log_id("session", p->client->id),
		    log_int("when", before.when / CLOCK_SECOND),
		    log_text("client", before.address));
		return 0;
	}
	if (result == MAILBOX_TOO_SOON) {
		reply_refuse(p, "[LOGIN-DELAY] you were here a moment ago");
		return -1;
	}
	/* Without a delay, not to know it is no reason to refuse. */
	if (conf->login_delay == 0)
		return 0;
	reply_temporary(p, "can't open the maildrop");
	return -1;
}

static void
leave(struct pop3 *p)
{
	maildrop_free(&p->drop);
	mailbox_close(&p->box);
	limits_leave_user(p);
	free(p->name);
	p->name = NULL;
}

/* Begins the TRANSACTION state of a mailbox that is open. */
static enum next
begin(struct pop3 *p, const char *mechanism, const struct sasl_login *login)
{
	maildrop_open(&p->drop, &p->box);
	if ((p->name = strdup(login->name)) == NULL) {
		leave(p);
		return reply_temporary(p, "no memory");
	}
	if (visit(p) == -1) {
		leave(p);
		return NEXT_CMD;
	}
	if (policy_apply(p) == -1) {
		if (p->drop.is_damaged)
			mailbox_damaged(&p->box, clock_after(p->conf->helper));
		leave(p);
		return reply_temporary(p, "can't open the maildrop");
	}
	p->state = TRANSACTION;
	log_info("login", log_id("session", p->client->id),
	    log_text("client", p->client->address), log_text("box", p->name),
	    log_text("mechanism", mechanism), log_int("letters", p->drop.left),
	    log_int("octets", (int64_t)p->drop.octets));
	reply_ok(p, "%" PRIu32 " messages (%" PRIu64 " octets)", p->drop.left,
	    p->drop.octets);
	return NEXT_CMD;
}

enum next
login_enter(
    struct pop3 *p, const char *mechanism, const struct sasl_login *login)
{
	enum mailbox_result result;

	if (limits_enter_user(p, login->name) == -1)
		return reply_refuse(p, "[IN-USE] you have too many sessions");
	result = mailbox_open(client_mailbox(), login->ticket, &p->box,
	    clock_after(p->conf->helper));
	if (result == MAILBOX_OK)
		return begin(p, mechanism, login);
	limits_leave_user(p);
	log_warn("maildrop.refused", log_id("session", p->client->id),
	    log_text("box", login->name), log_int("result", result));
	/* RFC 2449 8.1.2. */
	if (result == MAILBOX_IN_USE)
		return reply_refuse(
		    p, "[IN-USE] another session has the maildrop");
	return reply_temporary(p, "can't open the maildrop");
}

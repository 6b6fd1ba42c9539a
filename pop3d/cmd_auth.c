/* The AUTHORIZATION state (RFC 1939 4 and 7). */
#include "command.h"

#include "accounts.h"
#include "client.h"
#include "clock.h"
#include "limits.h"
#include "log.h"
#include "reply.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* USER name -- RFC 1939 7. */
enum next
pop3_cmd_user(struct pop3 *p, const struct argument *a)
{
	free(p->user);
	if ((p->user = strdup(a->text)) == NULL)
		return reply_temporary(p, "no memory");
	/* Whether there is such a user is nobody's business. */
	reply_ok(p, "send PASS");
	return NEXT_CMD;
}

/* The same answer for an unknown user and a wrong password, and the same wait
 * before it, which grows. */
static enum next
refuse_login(struct pop3 *p)
{
	int64_t until;

	log_info("login.refused", log_id("session", p->client->id),
	    log_text("client", p->client->address), log_text("user", p->user));
	until = clock_after(p->conf->failed_login * ++p->failures);
	while (ring_sleep(ring_self(), until) == -1)
		if (errno != EINTR)
			return NEXT_DROP;
	if (p->failures < p->conf->logins)
		return reply_refuse(p, "[AUTH] wrong user name or password");
	reply_refuse(p, "[AUTH] wrong user name or password, closing");
	p->end = "too many failed logins";
	return NEXT_QUIT;
}

/* Begins the TRANSACTION state of a mailbox that is open. */
static enum next
enter(struct pop3 *p, const struct accounts_login *login)
{
	maildrop_open(&p->drop, &p->box);
	if ((p->name = strdup(login->name)) == NULL) {
		maildrop_free(&p->drop);
		mailbox_close(&p->box);
		return reply_temporary(p, "no memory");
	}
	p->state = TRANSACTION;
	log_info("login", log_id("session", p->client->id),
	    log_text("client", p->client->address), log_text("box", p->name),
	    log_int("letters", p->drop.left),
	    log_int("octets", (int64_t)p->drop.octets));
	reply_ok(p, "%" PRIu32 " messages (%" PRIu64 " octets)", p->drop.left,
	    p->drop.octets);
	return NEXT_CMD;
}

/* RFC 1939 4: the maildrop is opened, and locked, with the login. */
static enum next
open_maildrop(struct pop3 *p, const struct accounts_login *login)
{
	enum mailbox_result result;

	if (limits_enter_user(p, login->name) == -1)
		return reply_refuse(p, "[IN-USE] you have too many sessions");
	result = mailbox_open(client_mailbox(), login->ticket, &p->box,
	    clock_after(p->conf->helper));
	if (result == MAILBOX_OK)
		return enter(p, login);
	limits_leave_user(p);
	log_warn("maildrop.refused", log_id("session", p->client->id),
	    log_text("box", login->name), log_int("result", result));
	/* RFC 2449 8.1.2. */
	if (result == MAILBOX_IN_USE)
		return reply_refuse(
		    p, "[IN-USE] another session has the maildrop");
	return reply_temporary(p, "can't open the maildrop");
}

static enum next
log_in(struct pop3 *p, const char *password)
{
	struct accounts_login login;
	enum accounts_result result;
	enum next next;

	result = accounts_verify(client_accounts(), p->user, password, &login,
	    clock_after(p->conf->helper));
	if (result == ACCOUNTS_OK)
		next = open_maildrop(p, &login);
	else if (result == ACCOUNTS_DENIED)
		next = refuse_login(p);
	else
		next = reply_temporary(p, "can't check the password");
	explicit_bzero(&login, sizeof(login));
	return next;
}

/* PASS string -- RFC 1939 7: all of the line, spaces belong to it. */
enum next
pop3_cmd_pass(struct pop3 *p, const struct argument *a)
{
	enum next next;

	if (p->user == NULL)
		return reply_wrong(p, "send USER first");
	next = log_in(p, a->text);
	free(p->user);
	p->user = NULL;
	return next;
}

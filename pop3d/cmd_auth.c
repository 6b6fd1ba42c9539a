/* The AUTHORIZATION state (RFC 1939 4 and 7). */
#include "command.h"

#include "accounts.h"
#include "client.h"
#include "clock.h"
#include "login.h"
#include "reply.h"

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

static enum next
log_in(struct pop3 *p, const char *password)
{
	struct accounts_login login;
	enum accounts_result result;
	enum next next;

	result = accounts_verify(client_accounts(), p->user, password, &login,
	    clock_after(p->conf->helper));
	if (result == ACCOUNTS_OK)
		next = login_enter(p, &login);
	else if (result == ACCOUNTS_DENIED)
		next = login_deny(p, p->user);
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

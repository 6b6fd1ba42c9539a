/*
 * login -- what follows once accounts has judged a login, whichever command
 * brought it.
 */
#ifndef LOGIN_H
#define LOGIN_H

#include "sasl.h"
#include "session.h"

/*
 * A good one: opens the maildrop, locks it (RFC 1939 4), applies what the conf
 * says about it, answers, and begins the TRANSACTION state; or answers why that
 * can't be.  Waits.
 */
enum next login_enter(
    struct pop3 *p, const char *mechanism, const struct sasl_login *login);

/* Waits so long before an answer to a failure: 0, or -1 where the session is to
 * end. */
int login_hold_back(int64_t ns);

/*
 * A wrong one, for which the client has named itself user (NULL: it has not):
 * answers after a wait that grows, the same for whatever was wrong.
 */
enum next login_deny(struct pop3 *p, const char *mechanism, const char *user);

#endif

/*
 * login -- one attempt to prove who one is, whatever the mechanism: finds the
 * account, has its password checked, counts what came of it.
 *
 * An account that does not exist is treated as one whose proof is wrong, at the
 * same cost, all along.
 */
#ifndef LOGIN_H
#define LOGIN_H

#include "delay.h"
#include "record.h"
#include "sasl.h"

#include <stdint.h>

struct login {
	char name[WIRE_NAME_MAX]; /* canonical, where it can be one */
	int found;		  /* there is such a user */
	struct record_user user;  /* he, where found; else zeroes */
	struct delay_who who;
	unsigned delay_ms; /* what the answer to a failure waits */
	/* Set before, and kept by login_find: the client can be led on to a
	 * backend (record_backend). */
	int follows_backends;
	/* Of such a user: what login_password got, and whether it is the
	 * backend that has to judge it. */
	char password[WIRE_PASSWORD_MAX];
	int is_unproved;
};

/*
 * Finds whom a client names.  client: its address.  SASL_OK, also where there
 * is no such user; or SASL_TEMPORARY.
 */
enum sasl_result
login_find(struct login *l, const char *client, const char *user);

/*
 * Whether password is that of whom login_find found: SASL_OK, SASL_DENIED or
 * SASL_TEMPORARY.  Counts.  What is stored is upgraded afterwards, where the
 * conf asks for more than it is.  Waits.  Where a backend has to judge it, it
 * is SASL_OK, is_unproved, and nothing is counted before login_proved.
 */
enum sasl_result
login_password(struct login *l, const char *password, int64_t deadline);

/*
 * Counts what another proof came to, and says it: SASL_OK (where the user is
 * there) or SASL_DENIED.
 */
enum sasl_result login_proved(struct login *l, int is_right);

/*
 * RFC 4616 2: whether who logged in may act as this authorization identity:
 * "", or himself by any of his names.
 */
int login_may_act_as(const struct login *l, const char *identity);

/* Stores the password of a login that a backend has proved, where its user
 * wants that and has none here. */
void login_learn(const struct login *l);

/* Wipes it. */
void login_wipe(struct login *l);

#endif

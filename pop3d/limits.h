/*
 * limits -- how many sessions one address, and one user, may have at a time,
 * over all workers.
 */
#ifndef LIMITS_H
#define LIMITS_H

#include "session.h"

/* Counts the session for the address of its client and its network, and no
 * longer for earlier ones.  0, or -1: one has as many as it may. */
int limits_enter_address(struct pop3 *p);

/* Counts it for the mailbox of this name, which it may have opened by now.  0,
 * or -1: its user has as many as he may. */
int limits_enter_user(struct pop3 *p, const char *name);

/* Counts one more login at a backend that is under way for the mailbox of this
 * name, until limits_leave_backend.  0, or -1: there are too many, as where
 * backends hand a user on in a circle without telling so. */
int limits_enter_backend(const char *name);
void limits_leave_backend(const char *name);

/* It counts no longer for its user; for nobody.  Idempotent. */
void limits_leave_user(struct pop3 *p);
void limits_leave(struct pop3 *p);

#endif

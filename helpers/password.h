/*
 * password -- whether a password is right, and what is stored of a new one:
 * asked of the processes that hash (pool.h), or remembered (login_cache.h).
 * Calls wait (the fiber parks).
 *
 * Nobody learns from the time a denial takes whether the user exists: there is
 * a hash to be computed either way.
 */
#ifndef PASSWORD_H
#define PASSWORD_H

#include "hash.h"

#include <stdint.h>

struct delay_who;
struct password;
struct pool;

enum password_result {
	PASSWORD_GOOD,
	PASSWORD_WRONG,
	PASSWORD_BUSY,	/* too many wait, or the deadline came first */
	PASSWORD_FAILED /* no memory, or a hash of an unknown kind; logged */
};

/*
 * pool is borrowed for as long as it lives; want: what new hashes are to be
 * like.  A good login is remembered for cache ns (0: not at all).  The
 * caller's.  Waits for a hash to be computed.  NULL after a log line, or
 * without one where its fiber is cancelled.
 */
struct password *
password_open(struct pool *pool, const struct hash_want *want, int64_t cache);

/* Wipes, frees, sets *p to NULL.  No call may be under way. */
void password_close(struct password **p);

/*
 * Whether password is that of user, whose stored hash is hash ("": there is no
 * such user; then it is PASSWORD_WRONG, as late as for one there is).  who: as
 * in pool_call.  All are borrowed for the call.
 */
enum password_result
password_verify(struct password *p, const struct delay_who *who,
    const char *user, const char *hash, const char *password, int64_t deadline);

/* What is to be stored of a password, in *made: PASSWORD_GOOD, else zeroes. */
enum password_result
password_make(struct password *p, const struct delay_who *who,
    const char *password, struct hash_made *made, int64_t deadline);

/* Likewise where no login waits to be checked (pool_call_idle). */
enum password_result password_make_idle(struct password *p,
    const char *password, struct hash_made *made, int64_t deadline);

/* What is remembered of this user is wiped. */
void password_forget(struct password *p, const char *user);

/* Wipes what is remembered for too long: call it each minute. */
void password_expire(struct password *p);

#endif

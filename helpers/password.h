/*
 * password -- password hashes (crypt(5)), computed by a pool of kernel threads
 * so that a worker never does.  Calls wait (the fiber parks).
 *
 * New hashes are yescrypt ("$y$"); SHA-512 ("$6$") is verified too.  Nobody
 * learns from the time a denial takes whether the user exists: there is a hash
 * to be computed either way.
 */
#ifndef PASSWORD_H
#define PASSWORD_H

#include <stddef.h>
#include <stdint.h>

struct password_pool;

/* A hash, NUL included. */
#define PASSWORD_HASH_MAX 384

enum password_result {
	PASSWORD_GOOD,
	PASSWORD_WRONG,
	PASSWORD_BUSY,	/* too many wait, or the deadline came first */
	PASSWORD_FAILED /* no memory, or a hash of an unknown kind; logged */
};

/*
 * Starts the threads.  At most queue calls are under way or waiting; a good
 * login is remembered for cache ns (0: not at all).  The pool is the caller's.
 * NULL after a log line.  Computes a hash itself: takes some milliseconds.
 */
struct password_pool *
password_open(unsigned threads, unsigned queue, int64_t cache);

/* Ends the threads, wipes, frees, sets *pool to NULL.  No call may be under
 * way. */
void password_close(struct password_pool **pool);

/*
 * Whether password is that of user, whose stored hash is hash ("": there is no
 * such user; then it is PASSWORD_WRONG, as late as for one there is).  All
 * are borrowed for the call.
 */
enum password_result password_verify(struct password_pool *pool,
    const char *user, const char *hash, const char *password, int64_t deadline);

/* A new hash of password to hash[PASSWORD_HASH_MAX]: PASSWORD_GOOD, else "". */
enum password_result password_hash(struct password_pool *pool,
    const char *password, char *hash, int64_t deadline);

/* What is remembered of this user is wiped. */
void password_forget(struct password_pool *pool, const char *user);

/* Wipes what is remembered for too long: call it each minute. */
void password_expire(struct password_pool *pool);

#endif

/*
 * login_cache -- remembers good logins for a while, so that a client that
 * comes every few minutes does not cost a password hash each time.
 *
 * Kept is not the password, but an HMAC-SHA-256 of user, stored hash and
 * password under a random key that only this process knows.  A changed
 * password changes the stored hash, so what was kept no longer fits.  For one
 * thread only.
 */
#ifndef LOGIN_CACHE_H
#define LOGIN_CACHE_H

#include <stdint.h>

struct login_cache;

/* How many logins are remembered at most; then the oldest ones go. */
#define LOGIN_CACHE_MAX 4096

/*
 * An empty cache, the caller's, that remembers for lifetime ns (0: not at
 * all).  NULL after a log line.
 */
struct login_cache *login_cache_open(int64_t lifetime);

/* Wipes and frees it, and sets *cache to NULL. */
void login_cache_close(struct login_cache **cache);

/* Whether exactly this login was found good within the lifetime. */
int login_cache_has(struct login_cache *cache, const char *user,
    const char *hash, const char *password);

/* Remembers a login that was found good, from now on. */
void login_cache_add(struct login_cache *cache, const char *user,
    const char *hash, const char *password);

/* Wipes what is known of this user. */
void login_cache_forget(struct login_cache *cache, const char *user);

/* Wipes what is too old: call it each minute. */
void login_cache_expire(struct login_cache *cache);

#endif

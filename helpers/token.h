/*
 * token -- whose a signed token is: a JWT (RFC 7519) in the compact form of JWS
 * (RFC 7515), under a key of a local key set (RFC 7517 5).  It is read with
 * libcjose by the processes of hasher.c, which can do nothing else.
 */
#ifndef TOKEN_H
#define TOKEN_H

#include "wire.h"

#include <stddef.h>

struct token_keys;

/* What helpers.conf(5) asks of a token; texts are borrowed. */
struct token_rules {
	const char *issuer;	/* "iss" must be it */
	const char *audience;	/* "aud" must be it, or have it; "": any */
	const char *scope;	/* "scope" must have it; "": any */
	const char *name_claim; /* where the user's name stands */
};

enum token_result {
	TOKEN_GOOD,
	TOKEN_BAD,   /* not signed by a key of ours, not for us, or too old */
	TOKEN_FAILED /* no memory; logged */
};

/*
 * Reads the key set in the file at path: its public RSA and EC keys; others
 * (a shared secret is none for signatures of others) are passed over.  The
 * caller's; token_free.  NULL after a log line.  Call it before privileges go.
 */
struct token_keys *token_load(const char *path);
void token_free(struct token_keys **keys);

/*
 * Checks a token of length octets; TOKEN_GOOD: the user's name stands in
 * name[WIRE_NAME_MAX].  now: s since 1970.  RFC 8725: its header alone never
 * says which algorithm is good enough.
 */
enum token_result
token_verify(const struct token_keys *keys, const struct token_rules *rules,
    const char *token, size_t length, long long now, char *name);

#endif

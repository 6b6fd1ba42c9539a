/*
 * hash -- what is stored of a password, computed: crypt(5) and Argon2 hashes,
 * and the keys of SCRAM (RFC 5802 3).  Takes milliseconds of processor time and
 * megabytes of memory, so the processes of hasher.c do it, and nobody else.
 */
#ifndef HASH_H
#define HASH_H

#include "record.h"

#include <stddef.h>
#include <stdint.h>

enum hash_kind { HASH_YESCRYPT, HASH_ARGON2ID };

/* What a new hash is to be like: helpers.conf(5). */
struct hash_want {
	int kind;	     /* enum hash_kind */
	unsigned cost;	     /* HASH_COST_MIN to HASH_COST_MAX; +1: twice */
	uint32_t iterations; /* of PBKDF2 in SCRAM keys */
};
#define HASH_COST_MIN	    1
#define HASH_COST_MAX	    11
#define HASH_ITERATIONS_MIN 4096 /* RFC 7677 4 */

struct hash_made {
	char hash[RECORD_HASH_MAX];
	/* iterations 0: the password is no text that SASLprep (RFC 4013) knows,
	 * so that no SCRAM client could send it. */
	struct record_scram sha1, sha256;
};

enum hash_result {
	HASH_FITS,
	HASH_DIFFERS,
	HASH_FAILED /* no memory, or a hash of no known kind; logged */
};

/* Makes all of *made; HASH_FITS or HASH_FAILED.  Wipe it after use. */
enum hash_result hash_make(
    const struct hash_want *want, const char *password, struct hash_made *made);

/* Whether password is the one of a stored hash: one of ours, or of another
 * server, SHA-512, SHA-256 or bcrypt. */
enum hash_result hash_verify(const char *password, const char *stored);

/*
 * The SCRAM keys of a password (prepared) under a salt and the iterations that
 * scram holds already.  digest: "SHA1" or "SHA256".  0, or -1.
 */
int hash_scram(const char *digest, const char *password, const void *salt,
    size_t salt_length, struct record_scram *scram);

/* Whether a stored hash is of a kind that hash_verify knows. */
int hash_is_known(const char *stored);

/*
 * Whether a stored hash that comes from elsewhere can be verified at all: of a
 * known kind, with a setting that crypt(5) takes and that costs no more than
 * some 10 s of a processor, and no octet that has no place in one.
 */
int hash_is_sound(const char *stored);

/* Whether a stored hash is of another kind than is wanted, or cheaper. */
int hash_is_weaker(const char *stored, const struct hash_want *want);

#endif

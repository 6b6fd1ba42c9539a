/*
 * record -- how users and aliases are written into tables.
 *
 * The first octet is the version.  A user's fields follow, each a tag octet, a
 * length (two octets, high one first) and that many octets; a reader passes
 * over tags that it does not know, so that a release can read what a later one
 * wrote.  A record without SCRAM keys is of an older one.  An alias's targets
 * follow, each with a NUL.
 */
#ifndef RECORD_H
#define RECORD_H

#include "wire.h"

#include <stddef.h>
#include <stdint.h>

/* A password hash by crypt(5), NUL included (CRYPT_OUTPUT_SIZE). */
#define RECORD_HASH_MAX WIRE_HASH_MAX
#define RECORD_USER_MAX 8192

/* The path of a system user's Maildir, NUL included. */
#define RECORD_PATH_MAX 256

/* What a mailbox may hold; 0: as much as there is. */
struct record_quota {
	uint64_t octets, messages;
};

/* Whom a mailbox belongs to that is none of the virtual ones. */
struct record_system {
	uint32_t uid, gid;
	char path[RECORD_PATH_MAX]; /* of the Maildir, absolute; "": virtual */
};

#define RECORD_SALT_SIZE 16
#define RECORD_KEY_MAX	 32
/* Addresses that a user may send as besides his own, one behind the other,
 * each with a NUL. */
#define RECORD_SENDERS_MAX 2048

/* What RFC 5802 3 has a server store, instead of a password. */
struct record_scram {
	uint32_t iterations; /* 0: there are no keys */
	unsigned char salt[RECORD_SALT_SIZE];
	uint8_t length; /* of each key */
	unsigned char stored[RECORD_KEY_MAX], server[RECORD_KEY_MAX];
};

/* Another server that has the mailbox, for POP3. */
struct record_backend {
	char host[WIRE_HOST_MAX]; /* "": none, the mailbox is here */
	char user[WIRE_NAME_MAX]; /* his name there */
	uint16_t port;
	uint8_t tls;   /* enum wire_backend_tls */
	uint8_t flags; /* enum record_backend_flags */
};
enum record_backend_flags {
	RECORD_BACKEND_THERE = WIRE_BACKEND_THERE,
	RECORD_BACKEND_LEARN = WIRE_BACKEND_LEARN,
	RECORD_BACKEND_FLAGS = RECORD_BACKEND_THERE | RECORD_BACKEND_LEARN
};

/* Who knows whether a password is right. */
enum record_source { RECORD_OWN, RECORD_PAM };

struct record_user {
	char hash[RECORD_HASH_MAX];
	struct record_scram sha1, sha256;
	char secret[WIRE_PASSWORD_MAX]; /* for APOP and CRAM-MD5; else "" */
	int source;			/* enum record_source */
	size_t senders_length;
	char senders[RECORD_SENDERS_MAX];
	int has_quota; /* of its own, instead of the conf's */
	struct record_quota quota;
	struct record_system system;
	struct record_backend backend;
};

struct record_targets {
	unsigned count;
	char names[WIRE_TARGETS_MAX][WIRE_NAME_MAX];
};

/* Writes to[size]; the length, or 0 where it does not fit. */
size_t
record_put_user(const struct record_user *user, unsigned char *to, size_t size);
size_t record_put_alias(
    const struct record_targets *targets, unsigned char *to, size_t size);

/* Reads length octets: 0, or -1 where they are damaged or of a later version.
 * Wipe a user after use. */
int record_get_user(
    struct record_user *user, const unsigned char *from, size_t length);
int record_get_alias(
    struct record_targets *targets, const unsigned char *from, size_t length);

#endif

/*
 * record -- how users and aliases are written into tables.
 *
 * The first octet is the version.  A user's fields follow, each a tag octet, a
 * length (two octets, high one first) and that many octets; a reader passes
 * over tags that it does not know.  An alias's targets follow, each with a NUL.
 */
#ifndef RECORD_H
#define RECORD_H

#include "wire.h"

#include <stddef.h>
#include <stdint.h>

/* A password hash by crypt(5), NUL included (CRYPT_OUTPUT_SIZE). */
#define RECORD_HASH_MAX 384
#define RECORD_USER_MAX 1024

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

struct record_user {
	char hash[RECORD_HASH_MAX];
	int has_quota; /* of its own, instead of the conf's */
	struct record_quota quota;
	struct record_system system;
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

/*
 * Cyrus's cyrus.index: a head and records of one size, all numbers big-endian.
 * Versions 6 to 19 (Cyrus 2.3 to 3.8) have the same head as far as it matters;
 * in 20 some fields became wider.
 */
#include "uidl_import_parts.h"

#include "catalog.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Where numbers stand in the head. */
enum {
	MINOR = 8,
	START = 12,
	RECORD = 16,
	COUNT = 20,
	VALIDITY = 44,
	OPTIONS = 60,
	VALIDITY_20 = 92,
	OPTIONS_20 = 64,
	HEAD = 96
};
/* The option that the mailbox's POP3 UIDLs hold its UIDVALIDITY. */
#define NEW_UIDL 1
/* Bounds of what is believed. */
#define START_MAX  4096
#define RECORD_MAX 1024
#define COUNT_MAX  10000000
/* Records after which others get their turn. */
#define TURN 256

static uint32_t
get(const unsigned char *at)
{
	uint32_t n;

	memcpy(&n, at, sizeof(n));
	return be32toh(n);
}

struct cyrus {
	uint32_t start, record, count, validity;
	int is_new;
};

static int
read_head(struct cyrus *c, int fd)
{
	unsigned char head[HEAD];
	uint32_t version;
	int is_20;

	memset(head, 0, sizeof(head));
	/* The oldest heads are shorter. */
	if (catalog_load(fd, head, sizeof(head), 0) <= OPTIONS_20)
		return -1;
	version = get(head + MINOR);
	is_20 = version == 20;
	c->start = get(head + START);
	c->record = get(head + RECORD);
	c->count = get(head + COUNT);
	c->validity = get(head + (is_20 ? VALIDITY_20 : VALIDITY));
	c->is_new =
	    (get(head + (is_20 ? OPTIONS_20 : OPTIONS)) & NEW_UIDL) != 0;
	return version >= 6 && version <= 20 && c->start >= OPTIONS_20 &&
		       c->start <= START_MAX && c->record >= 40 &&
		       c->record <= RECORD_MAX && c->count <= COUNT_MAX
		   ? 0
		   : -1;
}

static int
take_uid(struct import *i, const struct cyrus *c, uint32_t uid)
{
	char name[16], uidl[32];
	int result;

	snprintf(name, sizeof(name), "%" PRIu32 ".", uid);
	if (c->is_new)
		snprintf(uidl, sizeof(uidl), "%" PRIu32 ".%" PRIu32,
		    c->validity, uid);
	else
		snprintf(uidl, sizeof(uidl), "%" PRIu32, uid);
	result = uid == 0 ? 1 : import_take(i, name, uidl);
	i->counts->skipped += result == 1;
	return result == -1 ? -1 : 0;
}

int
import_cyrus(struct import *i, int fd)
{
	unsigned char uid[4];
	struct cyrus c;

	if (read_head(&c, fd) == -1) {
		errno = EBADMSG;
		return -1;
	}
	for (uint32_t n = 0; n < c.count; n++) {
		/* One that was cut ends here. */
		if (catalog_load(fd, uid, sizeof(uid),
			c.start + (int64_t)c.record * n) != sizeof(uid))
			break;
		if (take_uid(i, &c, get(uid)) == -1)
			return -1;
		if (n % TURN == TURN - 1 && import_pause(i) == -1)
			return -1;
	}
	return 0;
}

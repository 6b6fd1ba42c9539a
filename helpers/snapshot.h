/*
 * snapshot -- the letters of a maildrop as they lay there at login: numbered in
 * order of arrival, each with its octets and its unique id.
 */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include "arena.h"

#include <stddef.h>
#include <stdint.h>

/* Letters of one maildrop; what lies beyond is not shown. */
#define SNAPSHOT_LETTERS 1000000
/* Octets of an unique id, RFC 1939 7. */
#define SNAPSHOT_UIDL 70

#define SNAPSHOT_UNKNOWN UINT64_MAX

struct snapshot_letter {
	uint64_t octets;  /* as sent; SNAPSHOT_UNKNOWN before the measuring */
	uint64_t size;	  /* as stored; likewise */
	const char *file; /* "new/..." or "cur/..."; the snapshot's */
	const char *uidl; /* likewise; NULL: snapshot_uidl of the name */
};

struct snapshot {
	struct arena arena;
	struct snapshot_letter *letters; /* count, in order */
	size_t count, room;
	uint64_t octets; /* of all, once all are measured */
	/* Lets others work: see snapshot_take_gently. */
	int (*pause)(void *arg);
	void *arg;
	unsigned steps;
};

/*
 * Reads new/ and cur/ of the Maildir at path (maildir.h) into s, which the
 * caller frees with snapshot_free whatever happens.  Opens no letter: those
 * whose name does not tell have octets SNAPSHOT_UNKNOWN.  Returns 0, or -1 with
 * errno.
 */
int snapshot_take(struct snapshot *s, const char *path);

/*
 * The same, calling pause(arg) again and again between two steps: it may wait,
 * and act as somebody else meanwhile.  What it returns but 0 ends the work with
 * -1.
 */
int snapshot_take_gently(
    struct snapshot *s, const char *path, int (*pause)(void *arg), void *arg);

/* One step of such work is done: pauses where it is time to.  0 or -1. */
int snapshot_step(struct snapshot *s);

/*
 * Measures letter number i by reading at most *budget octets, which it takes
 * from the budget; a letter too long for it counts as if its lines
 * ended in CRLF already.  One that can't be read has 0 octets.
 */
void snapshot_measure(
    struct snapshot *s, size_t i, const char *path, uint64_t *budget);

void snapshot_free(struct snapshot *s);

/*
 * The octets and size that a file's name tells in ",S=" and ",W="; 0, or -1
 * where it has not both.
 */
int snapshot_parse(const char *name, uint64_t *size, uint64_t *octets);

/*
 * The unique id by the file's name: its base, where that is 1 to 70 characters
 * 0x21 to 0x7E; else the SHA-256 of it in hexadecimal digits.  Of names that
 * maildir_name has made, which no other letter shares, ",S=..." is left out.
 */
void snapshot_uidl(const char *name, char uidl[SNAPSHOT_UIDL + 1]);

/* The SHA-256 of a text, in hexadecimal digits. */
void
snapshot_hash(const char *text, size_t length, char uidl[SNAPSHOT_UIDL + 1]);

#endif

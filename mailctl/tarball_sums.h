/*
 * tarball_sums -- the table of an archive's members, and the text of its
 * MANIFEST: a line of its kind, one of sum, size and name for each member, and
 * one with the sum of all before it.
 */
#ifndef TARBALL_SUMS_H
#define TARBALL_SUMS_H

#include <stddef.h>
#include <stdint.h>

#define TARBALL_MANIFEST "MANIFEST"
#define TARBALL_SUM	 32
/* Octets of its text, at most. */
#define TARBALL_SUMS_MOST ((size_t)1 << 30)

struct tarball_sum {
	char *name;
	uint64_t size;
	int64_t at; /* where the member begins in the archive; -1: not known */
	unsigned char sum[TARBALL_SUM];
};

struct tarball_sums {
	struct tarball_sum *items;
	size_t count, room;
	uint64_t octets;
};

/* Copies the name.  0, or -1 with errno. */
int tarball_sums_add(struct tarball_sums *s, const char *name, uint64_t size,
    int64_t at, const unsigned char sum[TARBALL_SUM]);

/* NULL: there is none. */
const struct tarball_sum *
tarball_sums_find(const struct tarball_sums *s, const char *name);

/* The text, with its length; the caller's.  NULL with errno. */
char *tarball_sums_text(const struct tarball_sums *s, size_t *length);

/*
 * Compares a MANIFEST's text, which is changed, with what the members were
 * found to be.  0, or -1 with what differs, and where, in why[size].
 */
int tarball_sums_compare(const struct tarball_sums *s, char *text,
    size_t length, char *why, size_t size);

void tarball_sums_free(struct tarball_sums *s);

#endif

/*
 * carry -- what an index that is to be made anew knew, and what can't be seen
 * in names: UIDLs that don't follow from them (kept twice so: see uidl.h), and
 * sizes.
 */
#ifndef CARRY_H
#define CARRY_H

#include "arena.h"
#include "index_file.h"

#include <stdint.h>

struct carried {
	uint64_t octets, size;
	const char *uidl; /* NULL: it follows from the name */
	const char *base;
};

struct carry {
	struct arena arena;
	void *tree;
	unsigned damaged; /* rows */
};

/*
 * Reads it from the index of a mailbox, or what is whole of it, into c, which
 * the caller frees with carry_free whatever happens.  pause: see
 * snapshot_take_gently.  0, or -1 with errno.
 */
int carry_load(struct carry *c, const struct index_key *key,
    int (*pause)(void *arg), void *arg);

/* What is known of the letter with this name; NULL for nothing. */
const struct carried *carry_find(const struct carry *c, const char *name);

void carry_free(struct carry *c);

#endif

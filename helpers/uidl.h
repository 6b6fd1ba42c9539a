/*
 * uidl -- the UIDLs of one mailbox that do not follow from its files' names:
 * imported ones, and what tells apart two letters that would share one.  They
 * are stored once, before any client hears of them, and never change.
 *
 * A file of lines, only ever added to: a sum, a hash of the letter's base name
 * (maildir_base_length), and its UIDL.
 *
 * The process acts as itself here (owner_home).
 */
#ifndef UIDL_H
#define UIDL_H

#include "arena.h"
#include "index_file.h"
#include "snapshot.h"

#include <stddef.h>
#include <stdint.h>

struct uidl_entry {
	uint8_t base[16]; /* of the name's SHA-256 */
	const char *uidl;
};

struct uidls {
	struct index_key key;
	struct arena arena;
	struct uidl_entry *entries;
	uint32_t *places; /* a hash table of numbers of entries, from 1 */
	uint32_t count, size;
	uint32_t stored;  /* how many of them the file holds */
	unsigned damaged; /* lines that could not be read */
	int torn;	  /* the last line has no end */
	/* As snapshot_take_gently's; may be NULL. */
	int (*pause)(void *arg);
	void *arg;
};

/*
 * Reads those of a mailbox (none where there is no file) into u, which the
 * caller frees with uidls_free whatever happens.  0, or -1 with errno.
 */
int uidls_load(struct uidls *u, const struct index_key *key,
    int (*pause)(void *arg), void *arg);

/* That of the letter with this name (base and what follows), or NULL. */
const char *uidls_find(const struct uidls *u, const char *name);

/*
 * Adds one for a letter; uidls_store makes it durable.  Returns 0; 1 where the
 * letter has one already, which stays; -1 with errno.
 */
int uidls_add(struct uidls *u, const char *name, const char *uidl);

/* Writes what was added, and syncs it.  0, or -1 with errno. */
int uidls_store(struct uidls *u);

void uidls_free(struct uidls *u);

#endif

/*
 * keyring -- the private keys that the keys helper has: those of its folder's
 * files, and for some time those whose file has gone, or holds another key by
 * now.  The certificate of such a key may still be shown.
 */
#ifndef KEYRING_H
#define KEYRING_H

#include "keys_file.h"

#include <stdint.h>

/* Keys whose files are there, and others, at most. */
#define KEYRING_MAX ((size_t)2 * KEYS_MAX)

struct keyring_key {
	struct key key;
	int is_found;  /* by the reading that is under way, or the last one */
	int64_t gone;  /* when its file was found gone; CLOCK_NEVER: is there */
	int64_t until; /* it is kept, CLOCK_NEVER likewise */
	int64_t next_line; /* about its use, once it should be used no more */
};

struct keyring {
	struct keyring_key *keys; /* sorted by name */
	size_t count;
	uid_t owner; /* of files, beside root: who has opened it */
};

/* Opens an empty one: 0, or -1 without memory.  keyring_close wipes and frees
 * all. */
int keyring_open(struct keyring *r);
void keyring_close(struct keyring *r);

/*
 * A reading of the folder: begin, take for each file (as keys_file_read, and a
 * keyring is its arg), end.  keep: ns that keys which are no longer found stay.
 * A reading that is begun and not ended makes none old.
 */
void keyring_begin(struct keyring *r);
int keyring_take(void *keyring, const char *name, int fd);
void keyring_end(struct keyring *r, int64_t keep);

/* As keyring_take, with a key that is the ring's from now on, also on failure.
 */
int keyring_add(struct keyring *r, const struct key *k);

/* The key of this name, borrowed until the next call; NULL: there is none. */
struct keyring_key *
keyring_find(const struct keyring *r, const unsigned char name[KEYS_NAME]);

/* How many of them are old. */
size_t keyring_old(const struct keyring *r);

/* Removes those whose time is over.  Returns when the next one's is. */
int64_t keyring_expire(struct keyring *r);

#endif

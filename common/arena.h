/*
 * arena -- memory that is freed all at once: one arena a session, one a
 * transaction.  Bounded, so that no client makes a session grow without end.
 */
#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;
	size_t used;  /* octets taken from the system, blocks' heads included */
	size_t limit; /* used never passes this */
};

/* An empty arena that never takes more than limit octets.  Takes none yet. */
void arena_init(struct arena *a, size_t limit);

/*
 * size octets, zeroed, aligned for any type, owned by the arena.  NULL with
 * errno ENOMEM where the limit or the memory is used up.
 */
void *arena_alloc(struct arena *a, size_t size);

/* A copy of the first length octets of text, with a NUL behind.  As above. */
char *arena_strndup(struct arena *a, const char *text, size_t length);

/* A copy of a whole string.  As above. */
char *arena_strdup(struct arena *a, const char *text);

/* A formatted string.  As above. */
char *arena_printf(struct arena *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Frees all that was allocated; the arena may be used again. */
void arena_reset(struct arena *a);

#endif

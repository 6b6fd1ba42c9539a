/*
 * body -- where a message is kept while it comes in: in memory as long as it
 * may travel inside the delivery's request, else in a spool, for which the
 * memory then is the write buffer.
 */
#ifndef BODY_H
#define BODY_H

#include "sink.h"

#include <stddef.h>
#include <stdint.h>

struct body {
	char *memory;
	size_t used, capacity;
	int spool;	  /* owned; -1: all of it is in memory */
	uint64_t spooled; /* octets in the spool */
};

/* An empty one, which takes no memory yet. */
void body_init(struct body *b);

/* Frees the memory and closes the spool.  Leaves an empty one. */
void body_free(struct body *b);

/* Octets that may be written beyond the room that body_room tells. */
#define BODY_SPARE (SINK_HELD + 2)

/*
 * Room at body_end: grows the memory where it is full and may still grow, to
 * `hint` octets at once (what is expected in all; 0: not known).  Returns 0
 * where there is none: body_spill must come first; or memory ran out (errno
 * ENOMEM, else 0).
 */
size_t body_room(struct body *b, uint64_t hint);

/* Where the next octets belong, and that count of them were put there. */
char *body_end(const struct body *b);
void body_add(struct body *b, size_t count);

/* Octets in all. */
uint64_t body_size(const struct body *b);

/* Whether it must be in a spool, and is not, or not all of it. */
int body_must_spill(const struct body *b);

/*
 * Writes what is in memory to the spool, which must be open.  0, or -1 with
 * errno of write(2).
 */
int body_spill(struct body *b);

#endif

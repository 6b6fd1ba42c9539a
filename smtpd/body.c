#include "body.h"

#include "wire.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* Most messages fit into the first piece of memory. */
#define FIRST_CAPACITY 16384
/* A little more than what may travel in a request, so that a message of just
 * that size ends, final dot and all, before the memory is full. */
#define LAST_CAPACITY (WIRE_INLINE_MAX + BODY_SPARE + 64)

void
body_init(struct body *b)
{
	*b = (struct body){.spool = -1};
}

void
body_free(struct body *b)
{
	free(b->memory);
	if (b->spool != -1)
		close(b->spool);
	body_init(b);
}

size_t
body_room(struct body *b, uint64_t hint)
{
	size_t want = b->capacity == 0 ? FIRST_CAPACITY : 2 * b->capacity;
	char *memory;

	errno = 0;
	if (b->used + BODY_SPARE < b->capacity)
		return b->capacity - b->used - BODY_SPARE;
	if (b->capacity == LAST_CAPACITY)
		return 0;
	if (want > LAST_CAPACITY || hint > want)
		want = LAST_CAPACITY;
	if ((memory = realloc(b->memory, want)) == NULL)
		return 0;
	b->memory = memory;
	b->capacity = want;
	return b->capacity - b->used - BODY_SPARE;
}

char *
body_end(const struct body *b)
{
	return b->memory + b->used;
}

void
body_add(struct body *b, size_t count)
{
	b->used += count;
}

uint64_t
body_size(const struct body *b)
{
	return b->spooled + b->used;
}

int
body_must_spill(const struct body *b)
{
	return b->used > (b->spool == -1 ? WIRE_INLINE_MAX : 0);
}

int
body_spill(struct body *b)
{
	size_t at = 0;
	ssize_t n;

	while (at < b->used) {
		n = write(b->spool, b->memory + at, b->used - at);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		at += (size_t)n;
	}
	b->spooled += b->used;
	b->used = 0;
	return 0;
}

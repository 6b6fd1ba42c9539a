#include "arena.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BLOCK   256
#define LARGEST_BLOCK 16384
#define ALIGNMENT     _Alignof(max_align_t)

struct arena_block {
	struct arena_block *next;
	size_t size; /* of octets */
	size_t used;
	_Alignas(max_align_t) unsigned char octets[];
};

void
arena_init(struct arena *a, size_t limit)
{
	*a = (struct arena){.limit = limit};
}

static size_t
room(const struct arena_block *b)
{
	return b != NULL ? b->size - b->used : 0;
}

/* What the next block should hold: twice the last one, and size at least. */
static size_t
block_size(const struct arena *a, size_t size)
{
	size_t want = FIRST_BLOCK, most;

	if (a->blocks != NULL)
		want = 2 * (a->blocks->size + sizeof(struct arena_block));
	if (want > LARGEST_BLOCK)
		want = LARGEST_BLOCK;
	want -= sizeof(struct arena_block);
	most = a->limit - a->used - sizeof(struct arena_block);
	if (want > most)
		want = most;
	return want > size ? want : size;
}

/* A block with room for size octets. */
static struct arena_block *
add_block(struct arena *a, size_t size)
{
	struct arena_block *b;
	size_t left = a->limit - a->used;

	if (left < sizeof(*b) || left - sizeof(*b) < size) {
		errno = ENOMEM;
		return NULL;
	}
	size = block_size(a, size);
	if ((b = calloc(1, sizeof(*b) + size)) == NULL)
		return NULL;
	b->size = size;
	a->used += sizeof(*b) + size;
	return b;
}

/*
 * The head of the list is the block that small pieces are cut from.  A block
 * made for one large piece goes behind it if it would leave less room.
 */
static void
link_block(struct arena *a, struct arena_block *b, size_t size)
{
	if (a->blocks != NULL && b->size - size < room(a->blocks)) {
		b->next = a->blocks->next;
		a->blocks->next = b;
	} else {
		b->next = a->blocks;
		a->blocks = b;
	}
}

void *
arena_alloc(struct arena *a, size_t size)
{
	struct arena_block *b = a->blocks;
	void *piece;

	if (size == 0)
		size = 1;
	if (size > SIZE_MAX - ALIGNMENT) {
		errno = ENOMEM;
		return NULL;
	}
	size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (room(b) < size) {
		if ((b = add_block(a, size)) == NULL)
			return NULL;
		link_block(a, b, size);
	}
	piece = b->octets + b->used;
	b->used += size;
	return piece;
}

char *
arena_strndup(struct arena *a, const char *text, size_t length)
{
	char *copy;

	if (length == SIZE_MAX) {
		errno = ENOMEM;
		return NULL;
	}
	if ((copy = arena_alloc(a, length + 1)) != NULL)
		memcpy(copy, text, length);
	return copy;
}

char *
arena_strdup(struct arena *a, const char *text)
{
	return arena_strndup(a, text, strlen(text));
}

char *
arena_printf(struct arena *a, const char *format, ...)
{
	va_list args;
	char *text;
	int length;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0)
		return NULL;
	if ((text = arena_alloc(a, (size_t)length + 1)) == NULL)
		return NULL;
	va_start(args, format);
	vsnprintf(text, (size_t)length + 1, format, args);
	va_end(args);
	return text;
}

void
arena_reset(struct arena *a)
{
	struct arena_block *b;

	while ((b = a->blocks) != NULL) {
		a->blocks = b->next;
		free(b);
	}
	a->used = 0;
}

/* The index after letters were removed: the rest of its rows, in a new file. */
#include "index.h"

#include "fiber.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Rows that are copied at a time. */
#define ROWS 64

struct copying {
	const struct index_removal *removal;
	int from, to;
	uint32_t read;		  /* rows of from */
	struct catalog_head head; /* of to */
	char *rows;		  /* ROWS */
};

static int
by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int
is_removed(const struct index_removal *r, const char *file)
{
	uint64_t base = index_hash(file + 4);

	return bsearch(&base, r->bases, r->count, sizeof(base), by_value) !=
	       NULL;
}

/* Copies up to ROWS rows.  0, or -1 where the index is of no use. */
static int
copy_some(struct copying *c, uint32_t count)
{
	struct catalog_head *head = &c->head;
	struct mailbox_letter l;
	uint32_t i, kept = 0, size = head->row;

	if (catalog_load(c->from, c->rows, (size_t)count * size,
		catalog_offset(size, c->read)) != (int64_t)count * size)
		return -1;
	for (i = 0; i < count; i++) {
		if (catalog_get(c->rows + (size_t)i * size, size, c->read + i,
			&l) == -1)
			return -1;
		if (is_removed(c->removal, l.file))
			continue;
		/* Never before the row that was read. */
		if (catalog_put(c->rows + (size_t)kept * size, size,
			head->count + kept, &l) == -1)
			return -1;
		head->octets += l.octets;
		head->size += l.size;
		kept++;
	}
	if (catalog_store(c->to, c->rows, (size_t)kept * size,
		catalog_offset(size, head->count)) == -1)
		return -1;
	head->count += kept;
	c->read += count;
	return 0;
}

static int
copy_rows(struct copying *c, uint32_t count)
{
	uint32_t n;

	if ((c->rows = malloc((size_t)ROWS * c->head.row)) == NULL)
		return -1;
	while (c->read < count) {
		n = count - c->read < ROWS ? count - c->read : ROWS;
		if (copy_some(c, n) == -1)
			return -1;
		if (c->read % (8 * ROWS) == 0)
			fiber_yield();
	}
	return 0;
}

/* Sorts them; a repeated request has brought some twice. */
static void
sort_bases(struct index_removal *r)
{
	size_t i, kept = 0;

	qsort(r->bases, r->count, sizeof(*r->bases), by_value);
	for (i = 0; i < r->count; i++)
		if (i == 0 || r->bases[i] != r->bases[i - 1])
			r->bases[kept++] = r->bases[i];
	r->count = kept;
}

/* The new file, complete but for its folders; -1 where there can be none. */
static int
copy_index(struct copying *c, const struct owner *o)
{
	struct index_key key;
	uint32_t count;
	int state;

	state = index_look(o, &c->from, &c->head);
	/* It fitted before the letters went. */
	if (state != INDEX_OLD)
		return -1;
	index_file_key(&key, o->path);
	if ((c->to = index_file_make(&key, INDEX_CATALOG)) == -1)
		return -1;
	count = c->head.count;
	c->head.count = 0;
	c->head.octets = c->head.size = 0;
	if (copy_rows(c, count) == -1)
		return -1;
	return count - c->head.count == c->removal->count ? 0 : -1;
}

/* Whether the folders are still as the last removal left them. */
static int
is_untouched(const struct index_removal *r, const struct owner *o)
{
	struct catalog_stamp now[2];

	return index_stamp(o, now) == 0 &&
	       memcmp(now, r->folders, sizeof(now)) == 0;
}

void
index_removal_finish(struct index_removal *r, const struct owner *o)
{
	struct copying c = {.removal = r, .from = -1, .to = -1};

	owner_home();
	if (r->count > 0 && r->is_known) {
		sort_bases(r);
		if (copy_index(&c, o) == 0 && is_untouched(r, o) &&
		    index_note(o, c.to, &c.head, r->folders) == 0) {
			if (index_publish(o, c.to, &c.head) == -1)
				log_error("index.write",
				    log_text("path", o->path),
				    log_errno(errno));
			c.to = -1;
		}
	}
	if (c.from != -1)
		close(c.from);
	if (c.to != -1)
		close(c.to);
	free(c.rows);
	free(r->bases);
	memset(r, 0, sizeof(*r));
}

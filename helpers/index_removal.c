/* The index after letters were removed: the rest of its rows, in a new file. */
#include "index.h"

#include "fiber.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Rows that are copied at a time. */
#define ROWS 64

struct copying {
	const struct index_removal *removal;
	int from, to;
	uint32_t read, there;	  /* rows of from */
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
copy_rows(struct copying *c)
{
	uint32_t n;

	while (c->read < c->there) {
		n = c->there - c->read < ROWS ? c->there - c->read : ROWS;
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

/* Opens the index, and begins the one that shall take its place.  0 or -1. */
static int
begin_copy(struct copying *c, const struct owner *o)
{
	struct index_key key;

	if (index_look(o, &c->from, &c->head) != INDEX_FITS)
		return -1;
	index_file_key(&key, o->path);
	c->to = index_file_make(&key, INDEX_CATALOG);
	c->rows = malloc((size_t)ROWS * c->head.row);
	c->there = c->head.count;
	c->head.count = 0;
	c->head.octets = c->head.size = 0;
	return c->to != -1 && c->rows != NULL ? 0 : -1;
}

static int
is_same_file(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_ino == y.st_ino;
}

/* Notes what was delivered meanwhile: 0, or -1 where the index is another, or
 * fits no more. */
static int
look_again(struct copying *c, const struct owner *o)
{
	struct catalog_head now;
	int fd, result = -1;

	if (index_look(o, &fd, &now) == INDEX_FITS && now.count >= c->there &&
	    is_same_file(fd, c->from)) {
		c->there = now.count;
		memcpy(c->head.folders, now.folders, sizeof(now.folders));
		result = 0;
	}
	if (fd != -1)
		close(fd);
	return result;
}

/* Copies all but what is removed, also what comes meanwhile.  0 or -1. */
static int
copy_index(struct copying *c, const struct owner *o)
{
	if (begin_copy(c, o) == -1)
		return -1;
	do {
		if (copy_rows(c) == -1 || look_again(c, o) == -1)
			return -1;
	} while (c->read < c->there);
	return c->read - c->head.count == c->removal->count ? 0 : -1;
}

static int
publish(struct copying *c, const struct owner *o)
{
	int result;

	catalog_seal(&c->head);
	if (catalog_store(c->to, &c->head, sizeof(c->head), 0) == -1)
		return -1;
	result = index_publish(o, c->to, &c->head);
	c->to = -1;
	if (result == -1)
		log_error(
		    "index.write", log_text("path", o->path), log_errno(errno));
	return result;
}

int
index_removal_finish(struct index_removal *r, const struct owner *o)
{
	struct copying c = {.removal = r, .from = -1, .to = -1};
	int is_unlisted = 0;

	owner_home();
	if (r->count > 0 && !r->is_unknown) {
		sort_bases(r);
		is_unlisted = copy_index(&c, o) == 0 && publish(&c, o) == 0;
	}
	if (!is_unlisted && (r->count > 0 || r->is_unknown))
		index_doubt(o);
	if (c.from != -1)
		close(c.from);
	if (c.to != -1)
		close(c.to);
	free(c.rows);
	free(r->bases);
	memset(r, 0, sizeof(*r));
	return is_unlisted;
}

#include "carry.h"

#include "catalog.h"
#include "maildir.h"
#include "snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MEMORY ((size_t)512 << 20)
/* Rows that are read at a time. */
#define ROWS 128

static int
by_base(const void *a, const void *b)
{
	const struct carried *x = a, *y = b;

	return strcmp(x->base, y->base);
}

static int
keep(struct carry *c, const struct mailbox_letter *l)
{
	const char *name = l->file + 4;
	struct carried *new;
	char uidl[SNAPSHOT_UIDL + 1];
	uint64_t size, octets;

	snapshot_uidl(name, uidl);
	if (strcmp(uidl, l->uidl) == 0 &&
	    snapshot_parse(name, &size, &octets) == 0)
		return 0;
	if ((new = arena_alloc(&c->arena, sizeof(*new))) == NULL)
		return -1;
	new->octets = l->octets;
	new->size = l->size;
	new->base = arena_strndup(&c->arena, name, maildir_base_length(name));
	if (strcmp(uidl, l->uidl) != 0 &&
	    (new->uidl = arena_strdup(&c->arena, l->uidl)) == NULL)
		return -1;
	return new->base != NULL &&tsearch(new, &c->tree, by_base) != NULL ? 0
									   : -1;
}

static int
read_rows(struct carry *c, int fd, const struct catalog_head *head,
    int (*pause)(void *arg), void *arg)
{
	struct mailbox_letter l;
	uint32_t at, i;
	int64_t n;
	int result = 0;
	char *rows;

	if ((rows = malloc((size_t)ROWS * head->row)) == NULL)
		return -1;
	for (at = 0; at < head->count && result == 0; at += ROWS) {
		n = catalog_load(fd, rows, (size_t)ROWS * head->row,
		    catalog_offset(head->row, at));
		if (n < (int64_t)head->row)
			break;
		for (i = 0; i < n / head->row && at + i < head->count; i++) {
			if (catalog_get(rows + (size_t)i * head->row, head->row,
				at + i, &l) == -1)
				c->damaged++;
			else if (keep(c, &l) == -1)
				result = -1;
		}
		if (result == 0 && at % (ROWS * 4) == 0 && pause != NULL)
			result = pause(arg);
	}
	free(rows);
	return result;
}

int
carry_load(struct carry *c, const struct index_key *key,
    int (*pause)(void *arg), void *arg)
{
	struct catalog_head head;
	int fd, result = 0;

	memset(c, 0, sizeof(*c));
	arena_init(&c->arena, MEMORY);
	if ((fd = index_file_open(key, INDEX_CATALOG, O_RDONLY)) == -1)
		return 0;
	if (catalog_load(fd, &head, sizeof(head), 0) == sizeof(head) &&
	    catalog_is_whole(&head) &&
	    memcmp(head.box, key->octets, sizeof(head.box)) == 0)
		result = read_rows(c, fd, &head, pause, arg);
	close(fd);
	return result;
}

const struct carried *
carry_find(const struct carry *c, const char *name)
{
	char base[MAILDIR_NAME_MAX];
	struct carried key = {.base = base};
	size_t length = maildir_base_length(name);
	struct carried *const *found;

	if (c->tree == NULL || length >= sizeof(base))
		return NULL;
	memcpy(base, name, length);
	base[length] = '\0';
	found = tfind(&key, &c->tree, by_base);
	return found != NULL ? *found : NULL;
}

static void
keep_memory(void *node)
{
	(void)node; /* the arena's */
}

void
carry_free(struct carry *c)
{
	tdestroy(c->tree, keep_memory);
	c->tree = NULL;
	arena_reset(&c->arena);
}

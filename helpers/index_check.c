#include "index_check.h"

#include "fiber.h"
#include "removals.h"
#include "snapshot.h"
#include "uidl.h"
#include "worked.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TURN 512

struct check {
	const struct owner *owner;
	int outside; /* the process acts as the owner */
	struct snapshot letters;
	uint64_t *files; /* hashes of the letters' files, sorted */
};

static int
pause_check(void *arg)
{
	struct check *c = arg;

	owner_home();
	fiber_yield();
	return c->outside ? owner_become(c->owner->uid, c->owner->gid) : 0;
}

static uint64_t
hash_file(const char *file)
{
	return index_hash(file + 4) * 2 + (file[0] == 'c');
}

static int
by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int
read_maildir(struct check *c)
{
	size_t i;

	if (owner_become(c->owner->uid, c->owner->gid) == -1)
		return -1;
	c->outside = 1;
	if (snapshot_take_gently(&c->letters, c->owner->path, pause_check, c) ==
	    -1)
		return -1;
	c->outside = 0;
	owner_home();
	c->files = calloc(c->letters.count + 1, sizeof(*c->files));
	if (c->files == NULL)
		return -1;
	for (i = 0; i < c->letters.count; i++)
		c->files[i] = hash_file(c->letters.letters[i].file);
	qsort(c->files, c->letters.count, sizeof(*c->files), by_value);
	return 0;
}

static void
read_rows(struct check *c, struct index_findings *f, int fd,
    const struct catalog_head *head)
{
	struct worked *w = worked_begin(head->count);
	uint32_t i, found = 0;
	struct mailbox_letter l;
	uint64_t file;

	f->rows = head->count;
	for (i = 0; i < head->count; i++, worked_step(w)) {
		if (i % TURN == 0)
			pause_check(c);
		if (catalog_read(fd, head->row, i, &l) == -1) {
			f->damaged++;
			continue;
		}
		file = hash_file(l.file);
		if (bsearch(&file, c->files, c->letters.count, sizeof(file),
			by_value) != NULL)
			found++;
		else
			f->extra++;
	}
	f->missing = f->letters > found ? f->letters - found : 0;
}

int
index_check(const struct owner *o, struct index_findings *f)
{
	struct check c = {.owner = o};
	struct catalog_head head;
	struct index_key key;
	struct uidls u;
	int fd = -1, result = -1;

	memset(f, 0, sizeof(*f));
	index_file_key(&key, o->path);
	if (uidls_load(&u, &key, pause_check, &c) == 0 &&
	    removals_finish(o) == 0 &&
	    (f->state = index_look(o, &fd, &head)) != -1 &&
	    read_maildir(&c) == 0) {
		f->stored = u.stored;
		f->broken = u.damaged;
		f->letters = f->missing = (uint32_t)c.letters.count;
		if (fd != -1)
			read_rows(&c, f, fd, &head);
		if (f->damaged > 0)
			f->state = INDEX_DAMAGED;
		result = 0;
	}
	owner_home();
	if (fd != -1)
		close(fd);
	free(c.files);
	snapshot_free(&c.letters);
	uidls_free(&u);
	return result;
}

#include "replay.h"

#include "aside.h"
#include "entry.h"
#include "journal.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A letter that was removed, and by which entry. */
struct removal {
	uint64_t key;
	size_t entry;
};

struct replay {
	int folder;
	const struct replay_memory *memory;
	struct replay_findings *findings;
	struct removal *removals;
	size_t count, room;
	size_t entry; /* the number of the current one */
};

static int
by_key(const void *a, const void *b)
{
	const struct removal *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->entry < y->entry ? -1 : x->entry > y->entry;
}

static int
add_removal(struct replay *r, uint64_t key)
{
	struct removal *more;

	if (r->count == r->room) {
		more =
		    reallocarray(r->removals, r->room * 2 + 64, sizeof(*more));
		if (more == NULL)
			return -1;
		r->removals = more;
		r->room = r->room * 2 + 64;
	}
	r->removals[r->count++] = (struct removal){key, r->entry};
	return 0;
}

/* The first pass: what was removed. */
static int
collect(void *arg, uint32_t type, const void *data, size_t length, int settled)
{
	struct replay *r = arg;
	struct entry e;
	int result = 0;
	unsigned i;

	(void)settled;
	r->entry++;
	if (type != ENTRY_EXPUNGE && type != ENTRY_RETRACT)
		return 0;
	if (entry_read(&e, type, data, length) == 0)
		for (i = 0; i < e.file_count && result == 0; i++)
			result = add_removal(
			    r, entry_key(e.owners[0].path, e.files[i] + 4));
	else if (errno == ENOMEM)
		result = -1;
	entry_free(&e);
	return result;
}

/* Whether a later entry removes the letter. */
static int
is_removed(const struct replay *r, const char *path, const char *name)
{
	uint64_t key = entry_key(path, name);
	size_t low = 0, high = r->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (r->removals[middle].key < key ||
		    (r->removals[middle].key == key &&
			r->removals[middle].entry <= r->entry))
			low = middle + 1;
		else
			high = middle;
	}
	return low < r->count && r->removals[low].key == key;
}

int
replay_place(const struct entry *e, const struct owner *o)
{
	char file[4 + MAILDIR_NAME_MAX];
	int folder, fd = -1, result = -1, saved, found;

	if (owner_become(o->uid, o->gid) == -1)
		return -1;
	folder = maildir_open(o->path, "new");
	if (folder == -1 && errno == ENOENT && maildir_make(o->path) == 0)
		folder = maildir_open(o->path, "new");
	if (folder == -1)
		return -1;
	snprintf(file, sizeof(file), "new/%s", e->name);
	if (faccessat(folder, e->name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		found = 1;
	else
		found = maildir_find(
		    o->path, e->name, strlen(e->name), file, sizeof(file));
	if (found != 0) {
		/* Its name may be durable and its body lost, by the machine's
		 * stop or by a sync that failed: only a write helps. */
		if (found == 1)
			result =
			    maildir_rewrite(o->path, file, e->body, e->size);
		goto out;
	}
	fd = maildir_unnamed(folder);
	if (fd == -1 || maildir_write(fd, e->body, e->size) == -1)
		goto out;
	if (maildir_link(fd, folder, e->name) == 0)
		result = 1;
	else if (errno == EEXIST)
		result = 0;
out:
	saved = errno;
	if (fd != -1)
		close(fd);
	close(folder);
	errno = saved;
	return result;
}

/* Keeps the message until its Maildir can take it. */
static int
lay_aside(struct replay *r, const struct entry *e, const struct owner *o)
{
	log_error("replay.aside", log_text("path", o->path),
	    log_id("trace", e->trace), log_errno(errno));
	r->findings->aside++;
	return aside_put(r->folder, e, o);
}

int
replay_may_pass(int code)
{
	return code == ENOSPC || code == EIO || code == ENOMEM ||
	       code == EMFILE || code == ENFILE || code == EROFS ||
	       code == EINTR || code == EAGAIN;
}

static int
redo_deliver(struct replay *r, const struct entry *e)
{
	unsigned i;
	int result;

	for (i = 0; i < e->owner_count; i++) {
		const struct owner *o = &e->owners[i];

		if (is_removed(r, o->path, e->name))
			continue;
		result = replay_place(e, o);
		if (result == -1 && replay_may_pass(errno))
			return -1;
		if (result == -1 && lay_aside(r, e, o) == -1)
			return -1;
		if (result == 1)
			r->findings->placed++;
	}
	return 0;
}

static int
redo_expunge(struct replay *r, const struct entry *e)
{
	const struct owner *o = &e->owners[0];
	unsigned i;

	if (owner_become(o->uid, o->gid) == -1)
		return 0;
	for (i = 0; i < e->file_count; i++) {
		if (maildir_remove(o->path, e->files[i]) == 0)
			r->findings->removed++;
		else if (replay_may_pass(errno))
			return -1;
	}
	return 0;
}

/* What repeats are to be compared with. */
static void
recall(const struct replay *r, const struct entry *e)
{
	const struct replay_memory *m = r->memory;
	unsigned i;

	if (e->type == ENTRY_DELIVER)
		for (i = 0; i < e->owner_count; i++)
			m->seen(m->arg, entry_key(e->owners[i].path, e->name));
	if (e->type == ENTRY_RETRACT)
		for (i = 0; i < e->file_count; i++)
			m->retracted(m->arg,
			    entry_key(e->owners[0].path, e->files[i] + 4));
}

/* The second pass: what the Maildirs lack or have too much. */
static int
redo(void *arg, uint32_t type, const void *data, size_t length, int settled)
{
	struct replay *r = arg;
	struct entry e;
	int result = 0, whole;

	r->entry++;
	whole = entry_read(&e, type, data, length) == 0;
	if (!whole && errno == ENOMEM) {
		result = -1;
	} else if (!whole) {
		/* Whole by its checksum: of a version that is not ours. */
		log_error("replay.unknown", log_int("type", type),
		    log_int("length", (int64_t)length));
	} else {
		recall(r, &e);
		if (!settled)
			result = type == ENTRY_DELIVER ? redo_deliver(r, &e)
						       : redo_expunge(r, &e);
	}
	entry_free(&e);
	return result;
}

int
replay_run(struct journal *j, int folder, const struct replay_memory *memory,
    struct replay_findings *findings)
{
	struct replay r = {
	    .folder = folder, .memory = memory, .findings = findings};
	int result, saved;

	memset(findings, 0, sizeof(*findings));
	result = journal_replay(j, collect, &r);
	if (result == 0) {
		if (r.count > 1)
			qsort(r.removals, r.count, sizeof(*r.removals), by_key);
		r.entry = 0;
		result = journal_replay(j, redo, &r);
	}
	saved = errno;
	owner_home();
	free(r.removals);
	errno = saved;
	return result;
}

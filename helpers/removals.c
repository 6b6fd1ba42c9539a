#include "removals.h"

#include "fiber.h"
#include "index.h"
#include "log.h"
#include "maildir.h"
#include "replay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Letters that are removed before others get their turn: some 500 us. */
#define BATCH 32

/* What one entry of the journal promises. */
struct removal {
	struct removal *next;
	struct owner owner;
	uint64_t sequence;
	uint32_t holder;
	int is_unlisted;
	unsigned count, done;
	char *at;     /* in names: the next one */
	char names[]; /* one behind the other, each with its NUL */
};

/* In the order of their numbers. */
static struct {
	struct removal *first, **end;
	unsigned letters;
} queue = {.end = &queue.first};

/* Whether one folder lets its owner remove files. */
static int
is_allowed(const struct owner *o, const char *sub)
{
	int folder = maildir_open(o->path, sub), result;

	if (folder == -1)
		return errno == ENOENT;
	result = faccessat(folder, ".", W_OK | X_OK, AT_EACCESS);
	close(folder);
	return result == 0;
}

int
removals_allowed(const struct owner *o, const char *const *files, unsigned n)
{
	int has[2] = {0, 0}, result = -1, code;

	for (unsigned i = 0; i < n; i++)
		has[files[i][0] == 'c'] = 1;
	if (owner_become(o->uid, o->gid) == 0 &&
	    (!has[0] || is_allowed(o, "new")) &&
	    (!has[1] || is_allowed(o, "cur")))
		result = 0;
	code = errno;
	owner_home();
	errno = code;
	return result;
}

static struct removal *
new_removal(const char *const *files, unsigned n)
{
	struct removal *r;
	size_t length = 0;
	char *to;

	for (unsigned i = 0; i < n; i++)
		length += strlen(files[i]) + 1;
	if ((r = calloc(1, sizeof(*r) + length)) == NULL)
		return NULL;
	to = r->at = r->names;
	for (unsigned i = 0; i < n; i++)
		to = stpcpy(to, files[i]) + 1;
	r->count = n;
	return r;
}

static void
drop(struct removal *r)
{
	struct removal **at = &queue.first;

	while (*at != r)
		at = &(*at)->next;
	if ((*at = r->next) == NULL)
		queue.end = at;
	queue.letters -= r->count - r->done;
	free(r);
}

/* As the owner: removes files, each for itself, since not all of them went.
 * 1 where the owner prevents some, -1 with errno where the disk fails. */
static int
remove_each(const struct removal *r, const char *const *files, unsigned n)
{
	int result = 0;

	for (unsigned i = 0; i < n; i++) {
		if (maildir_remove(r->owner.path, files[i]) == 0)
			continue;
		if (replay_may_pass(errno))
			return -1;
		log_error("expunge.lost", log_text("path", r->owner.path),
		    log_text("file", files[i]), log_errno(errno));
		result = 1;
	}
	return result;
}

/* As remove_each. */
static int
remove_files(const struct removal *r, const char *const *files, unsigned n)
{
	int result;

	if (owner_become(r->owner.uid, r->owner.gid) == -1)
		return 0; /* as replay does */
	result = maildir_remove_all(r->owner.path, files, n);
	if (result == -1)
		result = remove_each(r, files, n);
	/* It is the owner's disk: no reason to keep it for ever. */
	if (result != -1 && n == r->count - r->done &&
	    maildir_settle(r->owner.path) == -1)
		log_error("expunge.unsettled", log_text("path", r->owner.path),
		    log_errno(errno));
	return result;
}

/* Removes the next ones, and r with the last of them.  0, or -1 with errno. */
static int
remove_some(struct removal *r)
{
	struct index_slot *slot = NULL;
	const char *files[BATCH];
	unsigned n;
	char *at = r->at;
	int result, code;

	for (n = 0; n < BATCH && r->done + n < r->count; n++) {
		files[n] = at;
		at += strlen(at) + 1;
	}
	if (r->is_unlisted)
		slot = index_expect_removal(&r->owner);
	else
		index_doubt(&r->owner);
	result = remove_files(r, files, n);
	code = errno;
	owner_home();
	index_removed(slot, &r->owner);
	if (result == 1)
		index_spoil(&r->owner);
	errno = code;
	if (result == -1)
		return -1;
	r->at = at;
	r->done += n;
	queue.letters -= n;
	if (r->done == r->count)
		drop(r);
	return 0;
}

/* Makes room for n more. */
static int
make_room(unsigned n)
{
	while (queue.first != NULL && queue.letters + n > REMOVALS_MAX)
		if (remove_some(queue.first) == -1)
			return -1;
	return 0;
}

int
removals_add(const struct owner *o, uint32_t holder, const char *const *files,
    unsigned n, uint64_t sequence)
{
	struct removal *r;

	if (make_room(n) == -1 || (r = new_removal(files, n)) == NULL)
		return -1;
	r->owner = *o;
	r->holder = holder;
	r->sequence = sequence;
	*queue.end = r;
	queue.end = &r->next;
	queue.letters += n;
	return 0;
}

void
removals_release(uint32_t holder, int is_unlisted)
{
	struct removal *r;

	for (r = queue.first; r != NULL; r = r->next)
		if (r->holder == holder) {
			r->holder = 0;
			r->is_unlisted = is_unlisted;
		}
}

enum removals_result
removals_step(void)
{
	struct removal *r = queue.first;

	while (r != NULL && r->holder != 0)
		r = r->next;
	if (r == NULL)
		return REMOVALS_NONE;
	return remove_some(r) == 0 ? REMOVALS_MORE : REMOVALS_FAILED;
}

static struct removal *
find(const struct owner *o)
{
	struct removal *r = queue.first;

	while (r != NULL && strcmp(r->owner.path, o->path) != 0)
		r = r->next;
	return r;
}

int
removals_finish(const struct owner *o)
{
	struct removal *r;

	while ((r = find(o)) != NULL) {
		if (remove_some(r) == -1)
			return -1;
		fiber_yield();
	}
	return 0;
}

int
removals_settle(void)
{
	while (queue.first != NULL)
		if (remove_some(queue.first) == -1) {
			/* His disk must not hold up the mail root's. */
			if (queue.first->owner.path[0] != '/')
				return -1;
			log_error("expunge.lost",
			    log_text("path", queue.first->owner.path),
			    log_errno(errno));
			index_spoil(&queue.first->owner);
			drop(queue.first);
		}
	return 0;
}

uint64_t
removals_first(void)
{
	return queue.first != NULL ? queue.first->sequence : 0;
}

unsigned
removals_count(void)
{
	return queue.letters;
}

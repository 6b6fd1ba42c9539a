#include "store.h"

#include "alone.h"
#include "aside.h"
#include "entry.h"
#include "journal.h"
#include "log.h"
#include "place.h"
#include "recent.h"
#include "replay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct store {
	int folder;
	struct journal *journal;
	int left;	      /* messages that lie aside */
	struct recent recent; /* letters of committed messages */
};

static void
remember(void *arg, uint64_t key)
{
	struct store *s = arg;

	recent_add(&s->recent, key);
}

static void
forget(void *arg, uint64_t key)
{
	struct store *s = arg;

	recent_remove(&s->recent, key);
}

static int
sync_mail(void *arg)
{
	(void)arg;
	return maildir_sync_all();
}

static int
settle_removals(void *arg)
{
	(void)arg;
	return removals_settle();
}

/* Replays, makes that durable, begins a new journal. */
static int
bring_up(struct store *s, const struct store_conf *conf)
{
	struct journal_conf j = {.dir = s->folder,
	    .size = conf->journal_size,
	    .boot = conf->boot,
	    .sync = sync_mail,
	    .settle = settle_removals};
	const struct replay_memory memory = {
	    .seen = remember, .retracted = forget, .arg = s};
	struct journal_findings found;
	struct replay_findings done;

	if ((s->journal = journal_open(&j, &found)) == NULL)
		return -1;
	/* What was left the last time: the fault may have gone. */
	if (store_retry_aside(s, NULL) == -1)
		return -1;
	if (replay_run(s->journal, s->folder, &memory, &done) == -1)
		return -1;
	if (found.damaged > 0)
		log_error("journal.damaged", log_int("holes", found.damaged));
	log_info("journal.replayed", log_int("entries", found.entries),
	    log_int("torn", found.torn), log_int("placed", done.placed),
	    log_int("removed", done.removed), log_int("aside", done.aside));
	if (maildir_sync_all() == -1) {
		journal_doubt(s->journal);
		return -1;
	}
	return journal_start(s->journal);
}

struct store *
store_open(const struct store_conf *conf)
{
	struct store *s;
	int saved;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->folder = open(conf->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* A predecessor whose parent was killed may not have noticed yet. */
	if (s->folder != -1 && flock(s->folder, LOCK_EX | LOCK_NB) == 0 &&
	    bring_up(s, conf) == 0)
		return s;
	saved = errno;
	store_close(&s);
	errno = saved;
	return NULL;
}

void
store_close(struct store **s)
{
	struct store *old = *s;

	*s = NULL;
	if (old == NULL)
		return;
	journal_close(&old->journal);
	if (old->folder != -1)
		close(old->folder);
	free(old);
}

void
store_name(const struct store_delivery *d, char name[MAILDIR_NAME_MAX])
{
	static const char field[] = ",D=0";
	size_t length;

	maildir_name(name, d->trace, d->received, d->size, d->size + d->lines);
	length = strlen(name);
	if (d->wire && length + sizeof(field) <= MAILDIR_NAME_MAX)
		memcpy(name + length, field, sizeof(field));
}

size_t
store_cost(const struct store_delivery *d)
{
	size_t body = d->body != NULL ? d->size : 0;

	return journal_cost(
	    body + (size_t)d->count * (OWNER_PATH_MAX + 16) + 512);
}

size_t
store_capacity(const struct store *s)
{
	return journal_capacity(s->journal);
}

static unsigned
count_wanted(const struct store_delivery *d)
{
	unsigned i, n = 0;

	for (i = 0; i < d->count; i++)
		n += place_is_wanted(&d->places[i]);
	return n;
}

/* The owner of the wanted place number n. */
static const struct owner *
owner_of(const void *arg, unsigned n)
{
	const struct store_place *p = arg;

	for (;; p++)
		if (place_is_wanted(p) && n-- == 0)
			return p->owner;
}

static void
prepare_place(struct store *s, struct store_delivery *d, unsigned i)
{
	struct store_place *p = &d->places[i];

	if (d->again &&
	    recent_has(&s->recent, entry_key(p->owner->path, d->name)))
		p->there = p->done = 1;
	else if (place_prepare(d, i) == -1)
		place_fail(d, p, errno);
}

/* Writes the body to files without a name; results say how it went. */
static void
prepare(struct store *s, struct store_delivery *d)
{
	unsigned i;

	d->result = MAILBOX_OK;
	d->alone = d->body == NULL;
	packet_init(&d->entry, 0);
	store_name(d, d->name);
	for (i = 0; i < d->count; i++)
		d->places[i] = (struct store_place){
		    .owner = d->places[i].owner,
		    .folder = -1,
		    .file = -1,
		    .shares = i,
		};
	for (i = 0; i < d->count && d->result == MAILBOX_OK; i++)
		prepare_place(s, d, i);
	if (d->alone)
		alone_sync_files(d);
}

/* Adds the delivery to the journal's batch. */
static void
promise(struct store *s, struct store_delivery *d)
{
	struct iovec parts[2];
	unsigned n = count_wanted(d);

	if (d->result != MAILBOX_OK || d->alone || n == 0)
		return;
	entry_put_deliver(
	    &d->entry, d->trace, d->name, n, owner_of, d->places, d->size);
	parts[0] = (struct iovec){d->entry.data, d->entry.length};
	parts[1] = (struct iovec){(void *)(uintptr_t)d->body, d->size};
	if (d->entry.error != 0 ||
	    journal_add(s->journal, ENTRY_DELIVER, parts, 2) == -1)
		d->result = MAILBOX_TEMPORARY;
}

/* Takes back what was linked, and the promise. */
static int
take_back(struct store *s, struct store_delivery *d, struct store_place *p)
{
	if (p->done || (p->there && !p->linked))
		return 0;
	return store_retract(s, p->owner, d->name) == -1 && errno == EIO ? -1
									 : 0;
}

static int
take_back_all(struct store *s, struct store_delivery *d)
{
	unsigned i;

	for (i = 0; i < d->count; i++)
		if (take_back(s, d, &d->places[i]) == -1)
			return -1;
	return 0;
}

/* Gives the message its names; -1 where the process must end. */
static int
place(struct store *s, struct store_delivery *d)
{
	struct store_place *p;
	unsigned i;

	for (i = 0; i < d->count && d->result == MAILBOX_OK; i++) {
		p = &d->places[i];
		if (p->result != MAILBOX_OK || place_link(d, i) == 0)
			continue;
		place_fail(d, p, errno);
		if ((d->each ? take_back(s, d, p) : take_back_all(s, d)) == -1)
			return -1;
	}
	return 0;
}

static void
release(struct store_delivery *d)
{
	unsigned i;

	for (i = 0; i < d->count; i++) {
		if (d->places[i].file != -1)
			close(d->places[i].file);
		if (d->places[i].folder != -1)
			close(d->places[i].folder);
	}
	packet_free(&d->entry);
}

/* From the journal's sync on: 0, or -1 where the process must end. */
static int
carry_out(struct store *s, struct store_delivery **batch, unsigned n)
{
	unsigned i;
	int result = 0;

	/* By a Maildir that was made, perhaps. */
	if (maildir_is_doubtful())
		journal_doubt(s->journal);
	if (journal_commit(s->journal) == -1) {
		for (i = 0; i < n; i++)
			if (batch[i]->result == MAILBOX_OK)
				batch[i]->result = MAILBOX_TEMPORARY;
		return -1;
	}
	for (i = 0; i < n; i++) {
		if (place(s, batch[i]) == -1)
			result = -1;
		if (alone_settle(batch[i]) == -1)
			result = -1;
	}
	if (result == 0)
		journal_placed(s->journal, removals_first());
	return result;
}

static void
remember_places(struct store *s, const struct store_delivery *d)
{
	unsigned i;

	for (i = 0; i < d->count && d->result == MAILBOX_OK; i++)
		if (place_is_wanted(&d->places[i]))
			recent_add(&s->recent,
			    entry_key(d->places[i].owner->path, d->name));
}

int
store_commit(struct store *s, struct store_delivery **batch, unsigned n)
{
	unsigned i;
	int result;

	for (i = 0; i < n; i++) {
		prepare(s, batch[i]);
		promise(s, batch[i]);
	}
	result = carry_out(s, batch, n);
	for (i = 0; i < n; i++) {
		remember_places(s, batch[i]);
		release(batch[i]);
	}
	owner_home();
	return result;
}

int
store_spool(struct store *s, const struct owner *owner)
{
	int folder, fd, saved;

	(void)s;
	if ((folder = place_open(owner)) == -1) {
		owner_home();
		return -1;
	}
	fd = maildir_unnamed(folder);
	saved = errno;
	close(folder);
	owner_home();
	errno = saved;
	return fd;
}

int
store_is_spool(int fd, uint64_t size, int again)
{
	struct stat st;
	int flags = fcntl(fd, F_GETFL);

	return flags != -1 && (flags & O_PATH) == 0 &&
	       (flags & O_ACCMODE) != O_WRONLY && fstat(fd, &st) == 0 &&
	       S_ISREG(st.st_mode) && (st.st_nlink == 0 || again) &&
	       (uint64_t)st.st_size == size;
}

/* Makes the promise to remove letters: 0, or -1 with errno, EIO where the
 * process must end. */
static int
promise_removal(struct store *s, const struct owner *owner,
    enum entry_type type, const char *const *files, unsigned n)
{
	struct packet p;
	struct iovec part;
	int result = -1;

	packet_init(&p, 0);
	entry_put_expunge(&p, owner, files, n);
	part = (struct iovec){p.data, p.length};
	errno = EMSGSIZE;
	if (p.error == 0 && journal_add(s->journal, type, &part, 1) == 0) {
		result = journal_commit(s->journal);
		if (result == -1)
			errno = EIO;
	}
	packet_free(&p);
	return result;
}

int
store_expunge(struct store *s, const struct owner *owner, uint32_t holder,
    const char *const *files, unsigned n)
{
	if (removals_allowed(owner, files, n) == -1 ||
	    promise_removal(s, owner, ENTRY_EXPUNGE, files, n) == -1)
		return -1;
	if (removals_add(owner, holder, files, n, journal_last(s->journal)) ==
	    0)
		return 0;
	/* Nobody but a successor can keep the promise. */
	log_error(
	    "expunge.failed", log_text("path", owner->path), log_errno(errno));
	errno = EIO;
	return -1;
}

enum removals_result
store_remove_some(struct store *s)
{
	enum removals_result result = removals_step();

	if (result == REMOVALS_MORE)
		journal_placed(s->journal, removals_first());
	return result;
}

int
store_is_recent(
    const struct store *s, const struct owner *owner, const char *name)
{
	return recent_has(&s->recent, entry_key(owner->path, name));
}

int
store_retract(struct store *s, const struct owner *owner, const char *name)
{
	char file[4 + MAILDIR_NAME_MAX];
	const char *files[1] = {file};

	snprintf(file, sizeof(file), "new/%s", name);
	recent_remove(&s->recent, entry_key(owner->path, name));
	if (promise_removal(s, owner, ENTRY_RETRACT, files, 1) == -1 ||
	    owner_become(owner->uid, owner->gid) == -1 ||
	    maildir_remove_all(owner->path, files, 1) == -1)
		return -1;
	if (maildir_settle(owner->path) == -1) {
		/* It is the owner's disk: no reason to end for all others. */
		errno = EBUSY;
		return -1;
	}
	journal_placed(s->journal, removals_first());
	return 0;
}

int
store_retry_aside(struct store *s, void (*pause)(void))
{
	int left = aside_retry(s->folder, pause);

	if (left > 0 && left != s->left)
		log_warn("aside.waiting", log_int("messages", left));
	if (left != -1)
		s->left = left;
	return left;
}

int
store_checkpoint(struct store *s)
{
	return journal_checkpoint(s->journal);
}

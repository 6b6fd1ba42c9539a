#include "store.h"

#include "entry.h"
#include "journal.h"
#include "log.h"
#include "place.h"
#include "replay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Deliveries that a repeat is compared with. */
#define RECENT 8192

struct store {
	int folder;
	struct journal *journal;
	uint64_t recent[RECENT]; /* hashes of names of committed messages */
	size_t next;
};

/* FNV-1a; never 0, which stands for nothing. */
static uint64_t
hash_name(const char *name)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
	return hash != 0 ? hash : 1;
}

static void
remember(void *arg, const char *name)
{
	struct store *s = arg;

	s->recent[s->next] = hash_name(name);
	s->next = (s->next + 1) % RECENT;
}

static int
is_recent(const struct store *s, const char *name)
{
	uint64_t hash = hash_name(name);
	size_t i;

	for (i = 0; i < RECENT; i++)
		if (s->recent[i] == hash)
			return 1;
	return 0;
}

static int
sync_mail(void *arg)
{
	(void)arg;
	return maildir_sync_all();
}

/* Replays, makes that durable, begins a new journal. */
static int
bring_up(struct store *s, const struct store_conf *conf)
{
	struct journal_conf j = {.dir = s->folder,
	    .size = conf->journal_size,
	    .boot = conf->boot,
	    .sync = sync_mail};
	struct journal_findings found;
	struct replay_findings done;

	if ((s->journal = journal_open(&j, &found)) == NULL)
		return -1;
	if (replay_run(s->journal, s->folder, remember, s, &done) == -1)
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

static enum mailbox_result
result_of(int code)
{
	return code == ENOSPC || code == EDQUOT || code == EFBIG
		   ? MAILBOX_FULL
		   : MAILBOX_TEMPORARY;
}

static const struct owner *
owner_of(const void *arg, unsigned i)
{
	const struct store_place *places = arg;

	return places[i].owner;
}

static int
sync_files(const struct store_delivery *d)
{
	unsigned i;

	for (i = 0; i < d->count; i++)
		if (d->places[i].file != -1 &&
		    fdatasync(d->places[i].file) == -1)
			return -1;
	return 0;
}

/* Writes the body to files without a name; d->result says how it went. */
static void
prepare(struct store *s, struct store_delivery *d)
{
	unsigned i;

	d->result = MAILBOX_OK;
	d->alone = d->body == NULL;
	packet_init(&d->entry, 0);
	store_name(d, d->name);
	for (i = 0; i < d->count; i++) {
		d->places[i].folder = d->places[i].file = -1;
		d->places[i].there = d->places[i].linked = 0;
		d->places[i].shares = i;
	}
	if (d->again && is_recent(s, d->name)) {
		for (i = 0; i < d->count; i++)
			d->places[i].there = 1;
		return;
	}
	for (i = 0; i < d->count; i++)
		if (place_prepare(d, i) == -1) {
			log_warn("deliver.failed", log_id("trace", d->trace),
			    log_text("path", d->places[i].owner->path),
			    log_errno(errno));
			d->result = result_of(errno);
			return;
		}
	if (d->alone && sync_files(d) == -1) {
		log_error("store.sync", log_errno(errno));
		d->result = MAILBOX_TEMPORARY;
	}
}

/* Adds the delivery to the journal's batch. */
static void
promise(struct store *s, struct store_delivery *d)
{
	struct iovec parts[2];

	if (d->result != MAILBOX_OK || d->alone)
		return;
	entry_put_deliver(&d->entry, d->trace, d->name, d->count, owner_of,
	    d->places, d->size);
	parts[0] = (struct iovec){d->entry.data, d->entry.length};
	parts[1] = (struct iovec){(void *)(uintptr_t)d->body, d->size};
	if (d->entry.error != 0 ||
	    journal_add(s->journal, ENTRY_DELIVER, parts, 2) == -1)
		d->result = MAILBOX_TEMPORARY;
}

/* Takes back what was linked, and the promise. */
static int
take_back(struct store *s, struct store_delivery *d)
{
	char file[4 + MAILDIR_NAME_MAX + 1] = "new/";
	const char *files[1] = {file};
	unsigned i;

	memcpy(file + 4, d->name, sizeof(d->name));
	for (i = 0; i < d->count; i++)
		if (d->places[i].linked || !d->places[i].there)
			if (store_expunge(s, d->places[i].owner, files, 1) ==
				-1 &&
			    errno == EIO)
				return -1;
	return 0;
}

/* Gives the message its names; -1 where the process must end. */
static int
place(struct store *s, struct store_delivery *d)
{
	unsigned i;

	if (d->result != MAILBOX_OK)
		return 0;
	for (i = 0; i < d->count; i++)
		if (place_link(d, i) == -1) {
			log_warn("deliver.failed", log_id("trace", d->trace),
			    log_text("path", d->places[i].owner->path),
			    log_errno(errno));
			d->result = result_of(errno);
			return take_back(s, d);
		}
	return 0;
}

/* A message that is synced alone: its names become durable. */
static int
settle_alone(struct store_delivery *d)
{
	unsigned i;
	int found = 0;

	if (!d->alone || d->result != MAILBOX_OK)
		return 0;
	for (i = 0; i < d->count; i++) {
		const struct store_place *p = &d->places[i];

		/* What is there may have been moved, not yet durably. */
		found |= p->there;
		if (p->there && p->folder != -1 && syncfs(p->folder) == -1)
			return -1;
		if (p->folder != -1 && fsync(p->folder) == -1)
			return -1;
	}
	return found ? maildir_sync_all() : 0;
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

/* After a sync that failed: no names for what may be lost. */
static void
unlink_alone(struct store_delivery *d)
{
	unsigned i;

	log_error("store.sync", log_id("trace", d->trace), log_errno(errno));
	d->result = MAILBOX_TEMPORARY;
	for (i = 0; i < d->count; i++) {
		const struct store_place *p = &d->places[i];

		if (p->linked &&
		    (owner_become(p->owner->uid, p->owner->gid) == -1 ||
			unlinkat(p->folder, d->name, 0) == -1))
			log_error("store.unlink", log_errno(errno));
	}
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
		if (settle_alone(batch[i]) == -1) {
			unlink_alone(batch[i]);
			result = -1;
		}
	}
	if (result == 0)
		journal_placed(s->journal);
	return result;
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
		if (batch[i]->result == MAILBOX_OK)
			remember(s, batch[i]->name);
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

int
store_expunge(struct store *s, const struct owner *owner,
    const char *const *files, unsigned n)
{
	struct packet p;
	struct iovec part;
	unsigned i;
	int result = -1;

	packet_init(&p, 0);
	entry_put_expunge(&p, owner, files, n);
	part = (struct iovec){p.data, p.length};
	errno = EMSGSIZE;
	if (p.error != 0 ||
	    journal_add(s->journal, ENTRY_EXPUNGE, &part, 1) == -1)
		goto out;
	if (journal_commit(s->journal) == -1) {
		errno = EIO;
		goto out;
	}
	if (owner_become(owner->uid, owner->gid) == -1)
		goto out;
	for (i = 0; i < n; i++)
		if (maildir_remove(owner->path, files[i]) == -1)
			goto out;
	if (maildir_settle(owner->path) == -1) {
		/* It is the owner's disk: no reason to end for all others. */
		errno = EBUSY;
		goto out;
	}
	journal_placed(s->journal);
	result = 0;
out:
	packet_free(&p);
	return result;
}

int
store_checkpoint(struct store *s)
{
	return journal_checkpoint(s->journal);
}

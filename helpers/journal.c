#include "journal_file.h"

#include "clock.h"
#include "log.h"
#include "meter.h"
#include "syncer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

struct journal {
	struct journal_conf conf;
	char boot[JOURNAL_BOOT];
	size_t size; /* of one file */
	int fd[2], now;
	struct journal_header header; /* of the file that takes entries */
	uint64_t sequence;	      /* the last one given out */
	uint64_t synced;	      /* the last one of a synced batch */
	uint64_t noted;		      /* as JOURNAL_PLACED says */
	size_t at;		      /* where the next entry goes */
	int failed;
	int used; /* the file holds what a checkpoint would free */

	/* The batch. */
	struct iovec *parts;
	struct journal_entry *heads;
	unsigned nparts, nheads, parts_room, heads_room;
	size_t pending;

	struct syncer *syncer;
	int syncing; /* a checkpoint is under way */

	struct journal_file read[2]; /* between open and start */
};

static const char *const names[2] = {"journal.0", "journal.1"};
static const unsigned char zeros[64];

static int
read_files(struct journal *j, struct journal_findings *findings)
{
	size_t size;
	int i;

	for (i = 0; i < 2; i++) {
		j->fd[i] = journal_file_open(j->conf.dir, names[i], &size);
		if (j->fd[i] == -1)
			return -1;
		if (size > JOURNAL_START && journal_file_read(&j->read[i],
						j->fd[i], size, findings) == -1)
			return -1;
	}
	return 0;
}

static void
release(struct journal *j)
{
	int i;

	for (i = 0; i < 2; i++) {
		journal_file_free(&j->read[i]);
		if (j->fd[i] != -1)
			close(j->fd[i]);
	}
	free(j->parts);
	free(j->heads);
	free(j);
}

struct journal *
journal_open(const struct journal_conf *conf, struct journal_findings *findings)
{
	struct journal *j;
	int saved;

	memset(findings, 0, sizeof(*findings));
	if ((j = calloc(1, sizeof(*j))) == NULL)
		return NULL;
	j->conf = *conf;
	j->fd[0] = j->fd[1] = -1;
	snprintf(j->boot, sizeof(j->boot), "%s", conf->boot);
	j->size = (size_t)conf->size / 2 / 4096 * 4096;
	if (read_files(j, findings) == 0)
		return j;
	saved = errno;
	release(j);
	errno = saved;
	return NULL;
}

/* Whether an entry's effect is known to have reached the Maildirs. */
static int
is_settled(const struct journal *j, const struct journal_file *f,
    const struct journal_file *other, uint64_t sequence)
{
	if (f->header.epoch <= other->durable || f->header.epoch <= f->durable)
		return 1;
	/* What processes wrote survives them, as long as the machine runs. */
	return strcmp(f->header.boot, j->boot) == 0 && sequence <= f->placed;
}

int
journal_replay(struct journal *j,
    int (*fn)(
	void *arg, uint32_t type, const void *data, size_t length, int settled),
    void *arg)
{
	int i, turn, result = 0;
	size_t n;

	i = j->read[0].header.epoch <= j->read[1].header.epoch ? 0 : 1;
	for (turn = 0; turn < 2; turn++, i = !i) {
		const struct journal_file *f = &j->read[i];

		for (n = 0; n < f->count && result == 0; n++) {
			struct journal_entry e;
			const unsigned char *p = f->data + f->entries[n];

			memcpy(&e, p, sizeof(e));
			if (e.type >= JOURNAL_PLACED)
				continue;
			result = fn(arg, e.type, p + sizeof(e), e.length,
			    is_settled(j, f, &j->read[!i], e.sequence));
		}
	}
	return result;
}

/* The file `to` takes the entries from now on; it must be free. */
static int
begin_file(struct journal *j, int to, uint64_t epoch, uint64_t durable)
{
	struct journal_header *h = &j->header;

	memset(h, 0, sizeof(*h));
	h->magic = JOURNAL_MAGIC;
	h->epoch = epoch;
	h->durable = durable;
	if (getrandom(&h->secret, sizeof(h->secret), 0) != sizeof(h->secret))
		return -1;
	memcpy(h->boot, j->boot, sizeof(h->boot));
	h->checksum = journal_header_checksum(h);
	j->now = to;
	j->at = JOURNAL_START;
	meter_put(METER_JOURNAL_USED, j->at);
	meter_put(METER_JOURNAL_SIZE, j->size);
	j->sequence = j->synced = j->noted = 0;
	j->used = 0;
	/* No sync: the first batch's covers it. */
	return journal_file_write(j->fd[to], h, sizeof(*h), 0);
}

int
journal_start(struct journal *j)
{
	uint64_t last = 0;
	int i, older;

	for (i = 0; i < 2; i++)
		if (j->read[i].header.epoch > last)
			last = j->read[i].header.epoch;
	older = j->read[0].header.epoch <= j->read[1].header.epoch ? 0 : 1;
	for (i = 0; i < 2; i++)
		journal_file_free(&j->read[i]);
	/* The older file becomes the new one, so that at each moment one of
	 * them says what is settled. */
	if (journal_file_lay_out(j->fd[older], j->size) == -1 ||
	    begin_file(j, older, last + 1, last) == -1 ||
	    fdatasync(j->fd[older]) == -1 ||
	    journal_file_lay_out(j->fd[!older], j->size) == -1 ||
	    fsync(j->conf.dir) == -1)
		return -1;
	j->syncer = syncer_start(j->conf.sync, j->conf.arg);
	return j->syncer == NULL ? -1 : 0;
}

size_t
journal_cost(size_t length)
{
	return sizeof(struct journal_entry) +
	       (length + JOURNAL_ALIGN - 1) / JOURNAL_ALIGN * JOURNAL_ALIGN;
}

/* Room that stays for the journal's own entries of one batch. */
#define OWN_ROOM 4096

size_t
journal_capacity(const struct journal *j)
{
	return j->size - JOURNAL_START - OWN_ROOM;
}

/* Room for n more parts and one more head. */
static int
make_room(struct journal *j, unsigned n)
{
	void *more;

	if (j->nparts + n > j->parts_room) {
		unsigned room = (j->nparts + n) * 2;

		more = reallocarray(j->parts, room, sizeof(*j->parts));
		if (more == NULL)
			return -1;
		j->parts = more;
		j->parts_room = room;
	}
	if (j->nheads == j->heads_room) {
		unsigned room = j->heads_room * 2 + 16;

		more = reallocarray(j->heads, room, sizeof(*j->heads));
		if (more == NULL)
			return -1;
		j->heads = more;
		j->heads_room = room;
	}
	return 0;
}

static void
put_part(struct journal *j, const void *data, size_t length)
{
	if (length > 0)
		j->parts[j->nparts++] = (struct iovec){
		    .iov_base = (void *)(uintptr_t)data, .iov_len = length};
}

int
journal_add(
    struct journal *j, uint32_t type, const struct iovec *parts, unsigned n)
{
	struct journal_entry *e;
	size_t length = 0, cost;
	unsigned i;

	for (i = 0; i < n; i++)
		length += parts[i].iov_len;
	cost = journal_cost(length);
	if (length > UINT32_MAX || cost > journal_capacity(j) - j->pending) {
		errno = ENOSPC;
		return -1;
	}
	if (make_room(j, n + 2) == -1)
		return -1;
	e = &j->heads[j->nheads++];
	memset(e, 0, sizeof(*e));
	e->type = type;
	e->length = (uint32_t)length;
	/* Heads may move as their list grows: a NULL stands for the next. */
	j->parts[j->nparts++] = (struct iovec){NULL, sizeof(*e)};
	for (i = 0; i < n; i++)
		put_part(j, parts[i].iov_base, parts[i].iov_len);
	put_part(j, zeros, cost - sizeof(*e) - length);
	j->pending += cost;
	return 0;
}

void
journal_drop(struct journal *j)
{
	j->nparts = j->nheads = 0;
	j->pending = 0;
}

/* Numbers and checksums of the batch, as it will stand in this file. */
static void
seal_batch(struct journal *j)
{
	struct journal_entry *e = NULL;
	struct journal_sum sum;
	unsigned i, n = 0;
	size_t left = 0, length;

	for (i = 0; i < j->nparts; i++) {
		struct iovec *part = &j->parts[i];

		if (part->iov_base == NULL) {
			e = &j->heads[n];
			e->secret = j->header.secret;
			e->batch = j->synced + 1;
			e->sequence = j->sequence + ++n;
			journal_sum_head(&sum, e);
			left = e->length;
			part->iov_base = e;
		} else {
			/* Not the padding. */
			length = part->iov_len < left ? part->iov_len : left;
			journal_sum_add(&sum, part->iov_base, length);
			left -= length;
		}
		if (e != NULL && left == 0)
			e->checksum = journal_sum_end(&sum);
	}
}

void
journal_doubt(struct journal *j)
{
	j->failed = 1;
	journal_file_doubt(j->fd[0]);
	journal_file_doubt(j->fd[1]);
}

/* Spoils each entry of the batch, so that none is replayed. */
static void
take_back(struct journal *j)
{
	size_t at = j->at;
	unsigned i;

	for (i = 0; i < j->nheads && at + sizeof(*j->heads) <= j->size; i++) {
		if (journal_file_write(
			j->fd[j->now], zeros, sizeof(*j->heads), at) == -1)
			log_error(
			    "journal.failed", log_text("at", "take back"));
		at += journal_cost(j->heads[i].length);
	}
	journal_drop(j);
}

/*
 * After a sync that failed nobody knows what the disk holds: the batch is
 * taken back as well as can be, and the successor has to replay all.
 */
static int
fail(struct journal *j, const char *what)
{
	int code = errno != 0 ? errno : EIO;

	log_error("journal.failed", log_text("at", what), log_errno(code));
	take_back(j);
	journal_doubt(j);
	errno = code;
	return -1;
}

/* Writes one of the journal's own entries; the next batch's sync covers it. */
static void
write_note(struct journal *j, uint32_t type, uint64_t value)
{
	struct {
		struct journal_entry e;
		uint64_t value, zero;
	} note = {.value = value};
	struct journal_sum sum;

	if (j->failed || j->at + sizeof(note) > j->size)
		return;
	note.e.secret = j->header.secret;
	note.e.sequence = j->sequence + 1;
	note.e.batch = j->synced + 1;
	note.e.type = type;
	note.e.length = sizeof(note.value);
	journal_sum_head(&sum, &note.e);
	journal_sum_add(&sum, &value, sizeof(value));
	note.e.checksum = journal_sum_end(&sum);
	if (journal_file_write(j->fd[j->now], &note, sizeof(note), j->at) ==
	    -1) {
		/* Only a hint is lost; the next batch takes its place. */
		log_warn("journal.note", log_errno(errno));
		return;
	}
	j->sequence++;
	j->at += sizeof(note);
	meter_put(METER_JOURNAL_USED, j->at);
}

uint64_t
journal_last(const struct journal *j)
{
	return j->synced;
}

void
journal_placed(struct journal *j, uint64_t below)
{
	uint64_t placed = below == 0 ? j->synced : below - 1;

	if (placed <= j->noted)
		return;
	j->noted = placed;
	write_note(j, JOURNAL_PLACED, placed);
}

/* Takes the syncer's answer, if there is one, waiting for it or not. */
static int
finish_checkpoint(struct journal *j, int wait)
{
	enum syncer_state state = syncer_answer(j->syncer, wait);

	if (state == SYNCER_BUSY)
		return 0;
	j->syncing = 0;
	if (state == SYNCER_FAILED)
		return fail(j, "sync of mail");
	if (state != SYNCER_DONE)
		return 0;
	meter_put(METER_CHECKPOINTING, 0);
	meter_add(METER_CHECKPOINTS, 1);
	meter_time(METER_CHECKPOINT_TIME, syncer_took(j->syncer));
	write_note(j, JOURNAL_DURABLE, j->header.epoch - 1);
	return 0;
}

/* The other file, free by now, takes its turn; this one's mail is synced. */
static int
begin_checkpoint(struct journal *j)
{
	if (j->conf.settle != NULL && j->conf.settle(j->conf.arg) == -1)
		return fail(j, "settle");
	/* Before the other file is overwritten, it must be known that its mail
	 * is durable: this sync covers that note. */
	if (fdatasync(j->fd[j->now]) == -1 ||
	    begin_file(j, !j->now, j->header.epoch + 1, j->header.epoch - 1) ==
		-1)
		return fail(j, "new file");
	j->syncing = 1;
	meter_put(METER_CHECKPOINTING, 1);
	syncer_ask(j->syncer);
	return 0;
}

int
journal_checkpoint(struct journal *j)
{
	if (j->failed) {
		errno = EIO;
		return -1;
	}
	if (finish_checkpoint(j, 0) == -1)
		return -1;
	return j->used && !j->syncing ? begin_checkpoint(j) : 0;
}

int
journal_commit(struct journal *j)
{
	int64_t since;

	if (j->failed) {
		errno = EIO;
		return -1;
	}
	if (j->nheads == 0)
		return 0;
	if (j->at + j->pending > j->size - OWN_ROOM &&
	    (finish_checkpoint(j, 1) == -1 || begin_checkpoint(j) == -1))
		return -1;
	seal_batch(j);
	since = clock_now();
	if (journal_file_write_parts(
		j->fd[j->now], j->parts, j->nparts, j->at) == -1)
		return fail(j, "write");
	if (fdatasync(j->fd[j->now]) == -1)
		return fail(j, "sync");
	meter_time(METER_SYNC_TIME, clock_now() - since);
	j->at += j->pending;
	meter_put(METER_JOURNAL_USED, j->at);
	j->sequence += j->nheads;
	j->synced = j->sequence;
	j->used = 1;
	journal_drop(j);
	return 0;
}

void
journal_close(struct journal **j)
{
	struct journal *old = *j;

	*j = NULL;
	if (old == NULL)
		return;
	if (old->syncer != NULL) {
		if (finish_checkpoint(old, 1) == 0 && !old->failed) {
			if ((old->conf.settle == NULL ||
				old->conf.settle(old->conf.arg) == 0) &&
			    old->conf.sync(old->conf.arg) == 0)
				write_note(
				    old, JOURNAL_DURABLE, old->header.epoch);
			else
				journal_doubt(old);
		}
		syncer_stop(&old->syncer);
	}
	release(old);
}

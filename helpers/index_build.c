#include "index_build.h"

#include "carry.h"
#include "clock.h"
#include "fiber.h"
#include "log.h"
#include "maildir.h"
#include "removals.h"
#include "ring.h"
#include "snapshot.h"
#include "twin.h"
#include "uidl.h"
#include "worked.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Mailboxes that are read at a time; others wait for their turn. */
#define BUILDS_MAX 8
#define BUILD_WAIT (2 * CLOCK_MILLISECOND)
/* Octets that may be read to learn the sizes of letters, what each of them
 * counts at least, and after how many others get their turn. */
#define MEASURE_MAX   (UINT64_C(1) << 30)
#define MEASURE_LEAST 4096
#define MEASURE_TURN  (UINT64_C(1) << 20)
/* Rows that are written at a time. */
#define ROWS 64

struct build {
	const struct owner *owner;
	int outside; /* the process acts as the owner */
	struct index_key key;
	struct snapshot letters;
	struct uidls uidls;
	struct carry carry;
	uint32_t *table; /* numbers of letters by their UIDL, from 1 */
	uint32_t table_size;
	struct catalog_head head;
};

/* What a twin takes, in steps of a snapshot. */
#define TWIN_STEPS 32

static unsigned running;

static int
act_as_owner(struct build *b)
{
	b->outside = 1;
	return owner_become(b->owner->uid, b->owner->gid);
}

static void
act_as_self(struct build *b)
{
	b->outside = 0;
	owner_home();
}

static int
pause_build(void *arg)
{
	struct build *b = arg;

	owner_home();
	fiber_yield();
	return b->outside ? act_as_owner(b) : 0;
}

static int
read_folders(struct build *b)
{
	int result;

	if (act_as_owner(b) == -1)
		return -1;
	result =
	    snapshot_take_gently(&b->letters, b->owner->path, pause_build, b);
	act_as_self(b);
	return result;
}

/* One whose name does not tell its sizes. */
static int
learn_size(struct build *b, size_t i, uint64_t *budget)
{
	struct snapshot_letter *l = &b->letters.letters[i];
	const struct carried *c = carry_find(&b->carry, l->file + 4);

	if (c != NULL) {
		l->size = c->size;
		l->octets = c->octets;
		return 0;
	}
	if (act_as_owner(b) == -1)
		return -1;
	snapshot_measure(&b->letters, i, b->owner->path, budget);
	act_as_self(b);
	/* A small one costs as well. */
	*budget -= *budget < MEASURE_LEAST ? *budget : MEASURE_LEAST;
	return 0;
}

static int
learn_sizes(struct build *b)
{
	struct worked *w = worked_begin(b->letters.count);
	uint64_t budget = MEASURE_MAX, turn = MEASURE_MAX;

	for (size_t i = 0; i < b->letters.count; i++, worked_step(w)) {
		if (snapshot_step(&b->letters) != 0)
			return -1;
		if (b->letters.letters[i].octets != SNAPSHOT_UNKNOWN)
			continue;
		if (learn_size(b, i, &budget) == -1)
			return -1;
		if (turn - budget >= MEASURE_TURN) {
			turn = budget;
			pause_build(b);
		}
	}
	return 0;
}

static void
uidl_of(const struct snapshot_letter *l, char uidl[SNAPSHOT_UIDL + 1])
{
	if (l->uidl != NULL)
		memccpy(uidl, l->uidl, '\0', SNAPSHOT_UIDL + 1);
	else
		snapshot_uidl(l->file + 4, uidl);
}

/* Where the table has this UIDL, or has room for it. */
static uint32_t *
place_of(struct build *b, const char *uidl)
{
	uint32_t at = (uint32_t)(index_hash(uidl) >> 7) & (b->table_size - 1);
	char other[SNAPSHOT_UIDL + 1];

	for (; b->table[at] != 0; at = (at + 1) & (b->table_size - 1)) {
		uidl_of(&b->letters.letters[b->table[at] - 1], other);
		if (strcmp(other, uidl) == 0)
			break;
	}
	return &b->table[at];
}

static int
is_same_base(const char *a, const char *b)
{
	size_t length = maildir_base_length(a + 4);

	return maildir_base_length(b + 4) == length &&
	       memcmp(a + 4, b + 4, length) == 0;
}

/*
 * Two names of one base (twin.h): first stays, second has another name now or,
 * where it was the same letter, as one that was moved while the folders were
 * read, none.  0, or -1 with errno.
 */
static int
part(struct build *b, struct snapshot_letter *first,
    struct snapshot_letter *second)
{
	char one[TWIN_FILE_MAX], two[TWIN_FILE_MAX];
	struct snapshot_letter swap;
	enum twin_result result;

	snprintf(one, sizeof(one), "%s", first->file);
	snprintf(two, sizeof(two), "%s", second->file);
	result = twin_settle(b->owner, one, two);
	b->letters.steps += TWIN_STEPS;
	if (strcmp(one, second->file) == 0) {
		/* Their names changed places: sizes go with them. */
		swap = *first;
		*first = *second;
		*second = swap;
	}
	/* The UIDL goes with the base. */
	if (first->uidl == NULL)
		first->uidl = second->uidl;
	second->uidl = NULL;
	second->file = NULL;
	if (result == TWIN_RENAMED)
		second->file = arena_strdup(&b->letters.arena, two);
	first->file = arena_strdup(&b->letters.arena, one);
	if (first->file == NULL ||
	    (result == TWIN_RENAMED && second->file == NULL))
		return -1;
	return 0;
}

/* RFC 1939 7: no two letters share an unique id. */
static int
settle(struct build *b, uint32_t i)
{
	struct snapshot_letter *l = &b->letters.letters[i], *other;
	char uidl[SNAPSHOT_UIDL + 1], text[MAILDIR_NAME_MAX + 16];
	uint32_t *place;
	int tries, length;

	for (tries = 0; tries < 100; tries++) {
		uidl_of(l, uidl);
		place = place_of(b, uidl);
		if (*place == 0) {
			*place = i + 1;
			return tries > 0
				   ? uidls_add(&b->uidls, l->file + 4, uidl)
				   : 0;
		}
		other = &b->letters.letters[*place - 1];
		if (is_same_base(l->file, other->file)) {
			if (part(b, other, l) == -1)
				return -1;
			if (l->file == NULL)
				return 0;
			continue; /* by its new name */
		}
		length = snprintf(text, sizeof(text), "%.*s#%d",
		    (int)maildir_base_length(l->file + 4), l->file + 4, tries);
		snapshot_hash(text, (size_t)length, uidl);
		l->uidl = arena_strdup(&b->letters.arena, uidl);
		if (l->uidl == NULL)
			return -1;
	}
	return -1;
}

/* The UIDL that was stored, or told of in the index that there was. */
static int
recall(struct build *b, struct snapshot_letter *l)
{
	const char *uidl = uidls_find(&b->uidls, l->file + 4);
	const struct carried *c;

	if (uidl == NULL) {
		c = carry_find(&b->carry, l->file + 4);
		if (c == NULL || c->uidl == NULL)
			return 0;
		uidl = c->uidl;
		if (uidls_add(&b->uidls, l->file + 4, uidl) == -1)
			return -1;
	}
	l->uidl = arena_strdup(&b->letters.arena, uidl);
	return l->uidl != NULL ? 0 : -1;
}

/* First those that have theirs already, so that they keep it. */
static int
settle_all(struct build *b)
{
	struct snapshot_letter *letters = b->letters.letters;
	size_t i, count = b->letters.count;

	for (i = 0; i < count; i++)
		if (snapshot_step(&b->letters) != 0 ||
		    recall(b, &letters[i]) == -1)
			return -1;
	for (int stored = 1; stored >= 0; stored--)
		for (i = 0; i < count; i++) {
			if (snapshot_step(&b->letters) != 0)
				return -1;
			if (letters[i].file != NULL &&
			    (letters[i].uidl != NULL) == stored &&
			    settle(b, (uint32_t)i) == -1)
				return -1;
		}
	return 0;
}

/* Takes out those that were seen twice. */
static void
close_gaps(struct snapshot *s)
{
	size_t i, kept = 0;

	for (i = 0; i < s->count; i++)
		if (s->letters[i].file != NULL)
			s->letters[kept++] = s->letters[i];
	s->count = kept;
}

static int
give_uidls(struct build *b)
{
	int result;

	b->table_size = 64;
	while (b->table_size < 2 * b->letters.count)
		b->table_size *= 2;
	b->table = calloc(b->table_size, sizeof(*b->table));
	if (b->table == NULL)
		return -1;
	result = settle_all(b);
	free(b->table);
	b->table = NULL;
	if (result == -1)
		return -1;
	close_gaps(&b->letters);
	/* Before any client can hear of them. */
	return uidls_store(&b->uidls);
}

static void
to_letter(const struct snapshot_letter *from, struct mailbox_letter *to)
{
	to->octets = from->octets;
	to->size = from->size;
	memccpy(to->file, from->file, '\0', sizeof(to->file));
	uidl_of(from, to->uidl);
}

/* The largest row that is needed, by these letters and by those that will be
 * delivered. */
static int
choose_row(struct build *b)
{
	struct mailbox_letter l = {.file = "new/"};
	uint32_t need;

	maildir_name(l.file + 4, 0, INT64_MAX, 999999999999, 999999999999);
	snapshot_uidl(l.file + 4, l.uidl);
	b->head.row = catalog_need(&l);
	for (size_t i = 0; i < b->letters.count; i++) {
		if (snapshot_step(&b->letters) != 0)
			return -1;
		to_letter(&b->letters.letters[i], &l);
		need = catalog_need(&l);
		if (need > b->head.row)
			b->head.row = need;
	}
	return 0;
}

static int
write_some(struct build *b, int fd, char *rows, uint32_t from, uint32_t count)
{
	struct mailbox_letter l;
	uint32_t i;

	for (i = 0; i < count; i++) {
		to_letter(&b->letters.letters[from + i], &l);
		if (catalog_put(rows + (size_t)i * b->head.row, b->head.row,
			from + i, &l) == -1) {
			errno = EINVAL;
			return -1;
		}
		b->head.octets += l.octets;
		b->head.size += l.size;
	}
	return catalog_store(fd, rows, (size_t)count * b->head.row,
	    catalog_offset(b->head.row, from));
}

static int
write_rows(struct build *b, int fd)
{
	uint32_t count = (uint32_t)b->letters.count, at, n;
	char *rows = malloc((size_t)ROWS * b->head.row);
	int result = rows != NULL ? 0 : -1;

	b->head.octets = b->head.size = 0;
	for (at = 0; at < count && result == 0; at += n) {
		n = count - at < ROWS ? count - at : ROWS;
		result = write_some(b, fd, rows, at, n);
		if (result == 0 && at % (8 * ROWS) == 0)
			result = pause_build(b);
	}
	free(rows);
	b->head.count = count;
	return result;
}

/* Whether the disk takes nothing, so that memory must do. */
static int
is_full(int code)
{
	return code == ENOSPC || code == EDQUOT || code == EROFS ||
	       code == EIO || code == EACCES;
}

/* The view of a login that gets no index. */
static int
write_to_memory(struct build *b)
{
	int fd = memfd_create("letters", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd == -1)
		return -1;
	if (write_rows(b, fd) == 0 &&
	    fcntl(fd, F_ADD_SEALS,
		F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Notes the folders where nobody has changed them since `before`. */
static int
write_index(struct build *b, int fd, const struct catalog_stamp before[2])
{
	static const struct catalog_stamp unknown[2] = {
	    {UINT64_MAX, INT64_MAX}, {UINT64_MAX, INT64_MAX}};
	struct catalog_stamp now[2];

	if (write_rows(b, fd) == -1)
		return -1;
	if (index_stamp(b->owner, now) == -1)
		return -1;
	if (memcmp(before, now, sizeof(now)) != 0)
		memcpy(now, unknown, sizeof(now));
	return index_note(b->owner, fd, &b->head, now);
}

/* Writes and publishes it; a descriptor for reading. */
static int
write_view(struct build *b, const struct catalog_stamp before[2])
{
	int fd = index_file_make(&b->key, INDEX_CATALOG);

	if (fd != -1 && write_index(b, fd, before) == 0) {
		if (index_publish(b->owner, fd, &b->head) == 0)
			return index_file_open(
			    &b->key, INDEX_CATALOG, O_RDONLY);
		fd = -1;
	}
	if (!is_full(errno)) {
		if (fd != -1)
			close(fd);
		return -1;
	}
	log_error(
	    "index.write", log_text("path", b->owner->path), log_errno(errno));
	if (fd != -1)
		close(fd);
	return write_to_memory(b);
}

static int
build_view(struct build *b, struct index_view *v)
{
	struct catalog_stamp before[2];

	if (removals_finish(b->owner) == -1 ||
	    index_stamp(b->owner, before) == -1 || read_folders(b) == -1 ||
	    uidls_load(&b->uidls, &b->key, pause_build, b) == -1 ||
	    carry_load(&b->carry, &b->key, pause_build, b) == -1)
		return -1;
	if (b->uidls.damaged > 0 || b->carry.damaged > 0)
		log_error("index.damaged", log_text("path", b->owner->path),
		    log_int("uidls", b->uidls.damaged),
		    log_int("rows", b->carry.damaged));
	if (learn_sizes(b) == -1 || give_uidls(b) == -1 ||
	    choose_row(b) == -1 || (v->fd = write_view(b, before)) == -1)
		return -1;
	v->row = b->head.row;
	v->count = b->head.count;
	v->octets = b->head.octets;
	v->size = b->head.size;
	return 0;
}

int
index_build(const struct owner *o, struct index_view *v)
{
	struct build *b;
	int result, saved;

	while (running >= BUILDS_MAX)
		if (ring_sleep(ring_self(), clock_after(BUILD_WAIT)) == -1 &&
		    errno == ECANCELED)
			return -1;
	if ((b = calloc(1, sizeof(*b))) == NULL)
		return -1;
	running++;
	b->owner = o;
	index_file_key(&b->key, o->path);
	v->fd = -1;
	result = build_view(b, v);
	saved = errno;
	owner_home();
	if (result == 0)
		log_info("index.built", log_text("path", o->path),
		    log_int("letters", v->count),
		    log_int("stored", b->uidls.count));
	snapshot_free(&b->letters);
	uidls_free(&b->uidls);
	carry_free(&b->carry);
	free(b);
	running--;
	errno = saved;
	return result;
}

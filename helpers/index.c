#include "index.h"

#include "clock.h"
#include "index_build.h"
#include "log.h"
#include "maildir.h"
#include "snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Indexes that are kept open for deliveries; each has one place. */
#define SLOTS 1024
/* A folder that was changed by others less than this ago may change again
 * within the same tick of its file system. */
#define YOUNG (2 * CLOCK_SECOND)

struct index_slot {
	int is_used, fd; /* -1: there is none that fits */
	struct index_key key;
	struct catalog_head head;
	struct catalog_stamp own[2]; /* as this process left the folders */
};

static struct index_slot slots[SLOTS];
static uint64_t boot;

uint64_t
index_hash(const char *name)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	size_t i, length = maildir_base_length(name);

	for (i = 0; i < length; i++)
		hash =
		    (hash ^ (unsigned char)name[i]) * UINT64_C(0x100000001b3);
	return hash;
}

int
index_setup(const char *folder, const char *boot_id)
{
	boot = index_hash(boot_id);
	for (int i = 0; i < SLOTS; i++) {
		if (slots[i].is_used && slots[i].fd != -1)
			close(slots[i].fd);
		memset(&slots[i], 0, sizeof(slots[i]));
		slots[i].fd = -1;
	}
	return index_file_setup(folder);
}

/* How a folder is, or (sub not "") one in it; {0, 0} where it is not there. */
static int
stamp(int folder, const char *sub, struct catalog_stamp *s)
{
	struct stat st;

	*s = (struct catalog_stamp){0};
	if (fstatat(folder, sub, &st, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) ==
	    -1)
		return errno == ENOENT ? 0 : -1;
	if (!S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return -1;
	}
	s->inode = st.st_ino;
	s->changed =
	    (int64_t)st.st_ctim.tv_sec * CLOCK_SECOND + st.st_ctim.tv_nsec;
	return 0;
}

static int
is_same(const struct catalog_stamp *a, const struct catalog_stamp *b)
{
	return a->inode == b->inode && a->changed == b->changed;
}

int
index_stamp(const struct owner *o, struct catalog_stamp folders[2])
{
	static const char *const subs[2] = {"new", "cur"};
	int maildir, result = 0;

	memset(folders, 0, 2 * sizeof(folders[0]));
	if (owner_become(o->uid, o->gid) == -1)
		return -1;
	if ((maildir = maildir_open(o->path, "")) == -1)
		result = errno == ENOENT ? 0 : -1;
	for (int i = 0; maildir != -1 && i < 2 && result == 0; i++)
		result = stamp(maildir, subs[i], &folders[i]);
	if (maildir != -1)
		close(maildir);
	owner_home();
	return result;
}

/* The mailbox's own slot, or the one that it would get. */
static struct index_slot *
slot_of(const struct index_key *key)
{
	uint32_t number;

	memcpy(&number, key->octets, sizeof(number));
	return &slots[number % SLOTS];
}

static int
is_slot_of(const struct index_slot *s, const struct index_key *key)
{
	return s->is_used && memcmp(&s->key, key, sizeof(*key)) == 0;
}

static void
empty_slot(struct index_slot *s)
{
	if (s->fd != -1)
		close(s->fd);
	s->fd = -1;
}

/* Its slot, empty where another mailbox had it. */
static struct index_slot *
take_slot(const struct index_key *key)
{
	struct index_slot *s = slot_of(key);

	if (is_slot_of(s, key))
		return s;
	empty_slot(s);
	memset(s->own, 0, sizeof(s->own));
	s->key = *key;
	s->is_used = 1;
	return s;
}

/* Reads a head: whether it is whole, and this mailbox's. */
static int
read_head(int fd, const struct index_key *key, struct catalog_head *head)
{
	struct stat st;

	if (catalog_load(fd, head, sizeof(*head), 0) != sizeof(*head) ||
	    !catalog_is_whole(head) ||
	    memcmp(head->box, key->octets, sizeof(head->box)) != 0)
		return 0;
	return head->count == 0 ||
	       (fstat(fd, &st) == 0 &&
		   st.st_size >= catalog_offset(head->row, head->count));
}

int
index_look(const struct owner *o, int *fd, struct catalog_head *head)
{
	struct catalog_stamp now[2];
	struct index_key key;

	*fd = -1;
	if (index_stamp(o, now) == -1)
		return -1;
	index_file_key(&key, o->path);
	*fd = index_file_open(&key, INDEX_CATALOG, O_RDONLY);
	if (*fd == -1)
		return errno == ENOENT ? INDEX_MISSING : INDEX_DAMAGED;
	if (!read_head(*fd, &key, head)) {
		close(*fd);
		*fd = -1;
		return INDEX_DAMAGED;
	}
	return head->boot == boot && is_same(&now[0], &head->folders[0]) &&
		       is_same(&now[1], &head->folders[1])
		   ? INDEX_FITS
		   : INDEX_OLD;
}

int
index_open(const struct owner *o, struct index_view *v)
{
	struct catalog_head head;
	int fd, state = index_look(o, &fd, &head);

	if (state == -1)
		return -1;
	if (state == INDEX_DAMAGED)
		log_error("index.damaged", log_text("path", o->path));
	if (state != INDEX_FITS) {
		if (fd != -1)
			close(fd);
		return index_build(o, v);
	}
	v->fd = fd;
	v->row = head.row;
	v->count = head.count;
	v->octets = head.octets;
	v->size = head.size;
	return 0;
}

void
index_forget(const struct owner *o)
{
	struct index_key key;

	owner_home();
	index_file_key(&key, o->path);
	empty_slot(take_slot(&key));
	if (index_file_remove(&key, INDEX_CATALOG) == -1)
		log_error("index.remove", log_text("path", o->path),
		    log_errno(errno));
}

void
index_spoil(const struct owner *o)
{
	static const struct catalog_stamp never = {UINT64_MAX, -1};
	struct catalog_head head;
	struct index_key key;
	int fd;

	owner_home();
	index_file_key(&key, o->path);
	empty_slot(take_slot(&key));
	if ((fd = index_file_open(&key, INDEX_CATALOG, O_RDWR)) == -1)
		return;
	if (read_head(fd, &key, &head)) {
		head.folders[0] = head.folders[1] = never;
		catalog_seal(&head);
		if (catalog_store(fd, &head, sizeof(head), 0) == -1)
			index_forget(o);
	}
	close(fd);
}

void
index_doubt(const struct owner *o)
{
	struct catalog_head head;
	int fd;

	if (index_look(o, &fd, &head) == INDEX_FITS)
		index_spoil(o);
	if (fd != -1)
		close(fd);
}

/* Whether a folder's state can be relied on from now on. */
static int
is_settled(const struct catalog_stamp *now, const struct catalog_stamp *own)
{
	int64_t age = clock_wall() - now->changed;

	return now->inode == 0 || is_same(now, own) || age > YOUNG;
}

int
index_note(const struct owner *o, int fd, struct catalog_head *head,
    const struct catalog_stamp folders[2])
{
	/* No folder is ever like this one. */
	static const struct catalog_stamp never = {UINT64_MAX, -1};
	const struct index_slot *s;
	struct index_key key;

	index_file_key(&key, o->path);
	s = take_slot(&key);
	for (int i = 0; i < 2; i++)
		head->folders[i] =
		    is_settled(&folders[i], &s->own[i]) ? folders[i] : never;
	memcpy(head->box, key.octets, sizeof(head->box));
	head->boot = boot;
	catalog_seal(head);
	return catalog_store(fd, head, sizeof(*head), 0);
}

int
index_publish(const struct owner *o, int fd, const struct catalog_head *head)
{
	struct index_key key;
	struct index_slot *s;

	index_file_key(&key, o->path);
	s = take_slot(&key);
	empty_slot(s);
	if (index_file_publish(fd, &key, INDEX_CATALOG) == -1) {
		close(fd);
		return -1;
	}
	s->fd = fd;
	s->head = *head;
	return 0;
}

/* Opens the index for writing where the slot has none yet. */
static void
fill_slot(struct index_slot *s)
{
	owner_home();
	s->fd = index_file_open(&s->key, INDEX_CATALOG, O_RDWR);
	if (s->fd != -1 &&
	    (!read_head(s->fd, &s->key, &s->head) || s->head.boot != boot))
		empty_slot(s);
}

struct index_slot *
index_expect(const struct owner *o, int folder)
{
	struct catalog_stamp now;
	struct index_key key;
	struct index_slot *s;

	index_file_key(&key, o->path);
	s = slot_of(&key);
	if (!is_slot_of(s, &key))
		fill_slot(take_slot(&key));
	if (s->fd != -1 && (stamp(folder, "", &now) == -1 ||
			       !is_same(&now, &s->head.folders[0])))
		empty_slot(s);
	return s;
}

void
index_add(struct index_slot *s, int folder, const char *name)
{
	struct mailbox_letter l = {.file = "new/"};
	struct catalog_head *head = &s->head;
	char row[CATALOG_ROW_MAX];
	struct catalog_stamp now;

	if (stamp(folder, "", &now) == -1) {
		empty_slot(s);
		return;
	}
	s->own[0] = now;
	if (s->fd == -1)
		return;
	memccpy(l.file + 4, name, '\0', sizeof(l.file) - 5);
	snapshot_uidl(name, l.uidl);
	if (head->count < SNAPSHOT_LETTERS &&
	    snapshot_parse(name, &l.size, &l.octets) == 0 &&
	    catalog_put(row, head->row, head->count, &l) == 0 &&
	    catalog_store(s->fd, row, head->row,
		catalog_offset(head->row, head->count)) == 0) {
		head->count++;
		head->octets += l.octets;
		head->size += l.size;
		head->folders[0] = now;
		catalog_seal(head);
		if (catalog_store(s->fd, head, sizeof(*head), 0) == 0)
			return;
	}
	/* What can't be added makes it old: its note fits no more. */
	empty_slot(s);
}

struct index_slot *
index_expect_removal(const struct owner *o)
{
	struct catalog_stamp now[2];
	struct index_key key;
	struct index_slot *s;
	int is_known = index_stamp(o, now) == 0;

	index_file_key(&key, o->path);
	s = slot_of(&key);
	if (!is_slot_of(s, &key))
		fill_slot(take_slot(&key));
	if (s->fd != -1 &&
	    (!is_known || !is_same(&now[0], &s->head.folders[0]) ||
		!is_same(&now[1], &s->head.folders[1])))
		empty_slot(s);
	owner_home();
	return s;
}

void
index_removed(struct index_slot *s, const struct owner *o)
{
	struct catalog_stamp now[2];
	struct index_key key;

	index_file_key(&key, o->path);
	if (index_stamp(o, now) == 0)
		memcpy(take_slot(&key)->own, now, sizeof(now));
	else if (s != NULL)
		empty_slot(s);
	if (s == NULL || s->fd == -1)
		return;
	memcpy(s->head.folders, s->own, sizeof(s->own));
	catalog_seal(&s->head);
	if (catalog_store(s->fd, &s->head, sizeof(s->head), 0) == -1)
		empty_slot(s);
}

void
index_removal_add(struct index_removal *r, const char *const *files, unsigned n)
{
	uint64_t *more;
	unsigned i;

	if (r->count + n > r->room) {
		size_t room = 2 * r->room + n;

		more = reallocarray(r->bases, room, sizeof(*more));
		if (more == NULL) {
			r->is_unknown = 1;
			return;
		}
		r->bases = more;
		r->room = room;
	}
	for (i = 0; i < n; i++)
		r->bases[r->count++] = index_hash(files[i] + 4);
}

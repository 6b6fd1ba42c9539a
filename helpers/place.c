#include "place.h"

#include "index.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int
place_open(const struct owner *o)
{
	int folder;

	if (owner_become(o->uid, o->gid) == -1)
		return -1;
	folder = maildir_open(o->path, "new");
	if (folder == -1 && errno == ENOENT && maildir_make(o->path) == 0)
		folder = maildir_open(o->path, "new");
	return folder;
}

/* Copies a spool's body to another owner's file. */
static int
copy_spool(int from, int to, uint64_t size)
{
	char block[16384];
	uint64_t at;
	ssize_t n;

	for (at = 0; at < size; at += (uint64_t)n) {
		n = pread(from, block, sizeof(block), (off_t)at);
		if (n == -1 && errno == EINTR)
			n = 0;
		else if (n == 0)
			errno = EIO;
		if (n <= 0 && errno != EINTR)
			return -1;
		if (maildir_write(to, block, (size_t)n) == -1)
			return -1;
	}
	return 0;
}

/* The spool itself may get the name where it is the owner's and lies there. */
static int
take_spool(const struct store_delivery *d, const struct store_place *p)
{
	struct stat file, folder;

	if (d->body != NULL || fstat(d->spool, &file) == -1 ||
	    fstat(p->folder, &folder) == -1 || file.st_uid != p->owner->uid ||
	    file.st_dev != folder.st_dev)
		return -1;
	return fcntl(d->spool, F_DUPFD_CLOEXEC, 3);
}

/* The body as a file of this place. */
static int
fill_place(struct store_delivery *d, struct store_place *p)
{
	int saved;

	p->file = take_spool(d, p);
	if (p->file == -1) {
		p->file = maildir_unnamed(p->folder);
		if (p->file == -1)
			return -1;
		if ((d->body != NULL
			    ? maildir_write(p->file, d->body, d->size)
			    : copy_spool(d->spool, p->file, d->size)) == -1) {
			/* Nobody shall link a part of it. */
			saved = errno;
			close(p->file);
			p->file = -1;
			errno = saved;
			return -1;
		}
	}
	return 0;
}

/* An earlier place whose file this one can link: same owner, same device. */
static int
find_share(struct store_delivery *d, unsigned n, dev_t device)
{
	struct stat st;
	unsigned i;

	for (i = 0; i < n; i++) {
		const struct store_place *p = &d->places[i];

		if (p->file == -1 || p->owner->uid != d->places[n].owner->uid ||
		    p->owner->gid != d->places[n].owner->gid ||
		    fstat(p->file, &st) == -1 || st.st_dev != device)
			continue;
		d->places[n].shares = i;
		return 1;
	}
	return 0;
}

int
place_prepare(struct store_delivery *d, unsigned n)
{
	struct store_place *p = &d->places[n];
	char file[4 + MAILDIR_NAME_MAX];
	struct stat st;
	int found;

	p->folder = place_open(p->owner);
	if (p->folder == -1 || fstat(p->folder, &st) == -1)
		return -1;
	p->foreign = st.st_dev != maildir_device();
	if (p->foreign)
		d->alone = 1;
	if (d->again) {
		found = maildir_find(p->owner->path, d->name, strlen(d->name),
		    file, sizeof(file));
		p->there = found == 1;
		if (found != 0)
			return found == 1 ? 0 : -1;
	}
	return find_share(d, n, st.st_dev) ? 0 : fill_place(d, p);
}

int
place_link(struct store_delivery *d, unsigned n)
{
	struct store_place *p = &d->places[n];
	struct index_slot *index;

	if (p->there)
		return 0;
	index = index_expect(p->owner, p->folder);
	if (owner_become(p->owner->uid, p->owner->gid) == -1)
		return -1;
	if (maildir_link(d->places[p->shares].file, p->folder, d->name) == 0) {
		p->linked = 1;
		index_add(index, p->folder, d->name);
	} else if (errno == EEXIST) {
		p->there = 1;
	} else {
		return -1;
	}
	return 0;
}

static enum mailbox_result
result_of(int code)
{
	return code == ENOSPC || code == EDQUOT || code == EFBIG
		   ? MAILBOX_FULL
		   : MAILBOX_TEMPORARY;
}

void
place_fail(struct store_delivery *d, struct store_place *p, int code)
{
	log_warn("deliver.failed", log_id("trace", d->trace),
	    log_text("path", p->owner->path), log_errno(code));
	p->result = result_of(code);
	if (!d->each)
		d->result = p->result;
}

int
place_is_wanted(const struct store_place *p)
{
	return p->result == MAILBOX_OK && !p->done;
}

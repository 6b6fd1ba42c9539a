#include "alone.h"

#include "log.h"
#include "place.h"

#include <errno.h>
#include <unistd.h>

void
alone_sync_files(struct store_delivery *d)
{
	unsigned i, k;

	for (i = 0; i < d->count && d->result == MAILBOX_OK; i++) {
		if (d->places[i].file == -1 ||
		    fdatasync(d->places[i].file) == 0)
			continue;
		log_error("store.sync", log_errno(errno));
		for (k = i; k < d->count; k++)
			if (d->places[k].shares == i &&
			    place_is_wanted(&d->places[k]))
				place_fail(d, &d->places[k], EIO);
	}
}

/* What was there may have been moved, not yet durably. */
static int
sync_names(const struct store_place *p)
{
	if (p->there && syncfs(p->folder) == -1)
		return -1;
	return fsync(p->folder);
}

/* After a sync that failed: no name for what may be lost. */
static void
unlink_place(struct store_delivery *d, struct store_place *p)
{
	log_error("store.sync", log_id("trace", d->trace), log_errno(errno));
	if (p->linked && (owner_become(p->owner->uid, p->owner->gid) == -1 ||
			     unlinkat(p->folder, d->name, 0) == -1))
		log_error("store.unlink", log_errno(errno));
	p->linked = 0;
}

int
alone_settle(struct store_delivery *d)
{
	int found = 0, code, result = 0;
	struct store_place *p;
	unsigned i;

	for (i = 0; d->alone && i < d->count; i++) {
		p = &d->places[i];
		if (d->result != MAILBOX_OK || p->result != MAILBOX_OK ||
		    p->folder == -1)
			continue;
		found |= p->there;
		if (sync_names(p) == 0)
			continue;
		code = errno;
		unlink_place(d, p);
		place_fail(d, p, code == EDQUOT ? code : EIO);
		result |= !p->foreign;
	}
	if (found && result == 0 && maildir_sync_all() == -1)
		result = 1;
	if (result == 0 && d->result == MAILBOX_OK)
		return 0;
	for (i = 0; d->alone && i < d->count; i++)
		if (d->places[i].linked && (result != 0 || !d->each))
			unlink_place(d, &d->places[i]);
	if (result != 0)
		d->result = MAILBOX_TEMPORARY;
	return result == 0 ? 0 : -1;
}

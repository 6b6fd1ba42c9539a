/*
 * restore_parts -- what the files of restore share.
 */
#ifndef RESTORE_PARTS_H
#define RESTORE_PARTS_H

#include "restore_place.h"
#include "tarball.h"

#include <sys/types.h>

#define RESTORE_PART_MAX 512 /* of a value of INFO, with its NUL */

struct restore_user {
	uid_t uid;
	gid_t gid;
};

struct restore {
	struct tarball_reader *reader;
	const char *folder; /* of confs */
	char state[RESTORE_PART_MAX], run[RESTORE_PART_MAX];
	char staged[RESTORE_PART_MAX + 16]; /* where its parts are now */
	struct restore_user accounts, mailbox;
	struct restore_place place;
	int lock, claim; /* descriptors: of the accounts, of the state */
};

/*
 * Unpacks all members behind INFO into STATE/.restore, each with its final
 * rights, on the disk.  0; or -1 after a line on standard error, when nothing
 * is there.
 */
int restore_stage(struct restore *r);

/*
 * Gives that folder its name for the time while parts get theirs,
 * SUPER_RESTORING, by which helpers know not to start; and, once all have,
 * takes it away.  0; or -1 after a line on standard error.
 */
int restore_stage_open(struct restore *r);
int restore_stage_close(struct restore *r);

#endif

/*
 * restore_place -- files and folders under their final names.  All that fails
 * says why on standard error, and returns -1.
 */
#ifndef RESTORE_PLACE_H
#define RESTORE_PLACE_H

#include <stddef.h>
#include <sys/types.h>

#define RESTORE_PATH_MAX 4096

/* What is replaced gets this behind its name. */
struct restore_place {
	char suffix[64]; /* ".before-restore-20261231T235959Z.PID" */
};

void restore_place_begin(struct restore_place *p);

/* Makes the folders above path that are lacking, the last with this mode and
 * owner, those above it as root's. */
int restore_place_parents(const char *path, mode_t mode, uid_t uid, gid_t gid);

/* Gives a folder its name, and what was there another; from NULL: no folder
 * comes in its place. */
int restore_place_folder(
    const struct restore_place *p, const char *from, const char *to);

/* Likewise a file, that may lie on another file system; one that has the same
 * octets stays. */
int restore_place_file(
    const struct restore_place *p, const char *from, const char *to);

/*
 * The lock that a folder's user holds on its file LOCK, as kv.h does: the
 * descriptor, which is the caller's and holds it.  -1 with errno, silently:
 * ENOENT where there is no such file, EAGAIN where another process has it.
 */
int restore_place_lock(const char *folder);

/* Makes a folder, if it is lacking, and keeps other restores off it: a
 * descriptor, as above. */
int restore_place_claim(const char *folder);

/* Whether the folder has anything but this name. */
int restore_place_is_used(const char *folder, const char *but);

/* Makes the names in a folder durable. */
int restore_place_sync(const char *folder);

/* Removes a folder with all that is in it, if it is there. */
int restore_place_remove(const char *folder);

#endif

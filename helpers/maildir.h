/*
 * maildir -- files of Maildirs, below one mail root or in system users' homes.
 *
 * Call owner_become first: everything here happens with the rights of the
 * mailbox's owner.  No path is followed through a symbolic link or out of the
 * root it lies below, and only regular files are opened, without waiting: an
 * owner who lays traps in his Maildir catches nobody but himself.
 *
 * Functions that return -1 set errno.  Paths are relative to the mail root, or
 * absolute and then below one of the folders of homes.
 */
#ifndef MAILDIR_H
#define MAILDIR_H

#include "owner.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A file's name without its folder, NUL included. */
#define MAILDIR_NAME_MAX 256

/*
 * Opens the mail root, and takes the name of this host for names of files (its
 * special characters are replaced).  Once, at the start.  0 or -1.
 */
int maildir_setup(const char *root, const char *host);

/*
 * What was removed here is durable, where no checkpoint would see to that: on
 * another file system than the mail root's.  0 or -1.
 */
int maildir_settle(const char *path);

/* Makes all files below the mail root durable.  0 or -1; after a failure, each
 * later call fails.  Any thread. */
int maildir_sync_all(void);

/* Whether a sync has failed: the process must end. */
int maildir_is_doubtful(void);

/* The file system of the mail root. */
dev_t maildir_device(void);

/*
 * The name that a message gets in new/: from its trace and the time of its
 * reception alone, in order of arrival:
 * SECONDS.MMICROSECONDSRTRACE.HOST,S=SIZE,W=WIRE.
 */
void maildir_name(char name[MAILDIR_NAME_MAX], uint64_t trace, int64_t received,
    uint64_t size, uint64_t octets);

/*
 * How long the part of a name is that stays when a letter is moved or flagged:
 * up to ":".
 */
size_t maildir_base_length(const char *name);

/* A descriptor of a folder (sub: "new", "cur", or "" for the Maildir). */
int maildir_open(const char *path, const char *sub);

/* Makes what is lacking of a Maildir: path (of a home, its last part alone),
 * new, cur, tmp.  0 or -1. */
int maildir_make(const char *path);

/* A new, unnamed file on the file system of folder, open for both ways. */
int maildir_unnamed(int folder);

/* Writes all of it.  0 or -1. */
int maildir_write(int fd, const void *data, size_t length);

/* Gives an open file a name in folder.  0, or -1 (EEXIST: it is there). */
int maildir_link(int fd, int folder, const char *name);

/*
 * Looks in new/ and cur/ for the letter whose name begins with base (length
 * octets, the whole of its base).  1 with file ("new/..." or "cur/..."), 0
 * where there is none, or -1.
 */
int maildir_find(
    const char *path, const char *base, size_t length, char *file, size_t size);

/* Whether file is "new/NAME" or "cur/NAME" of a sane NAME. */
int maildir_is_file(const char *file);

/*
 * Opens a letter for reading; one that was moved is found by its base.  A
 * descriptor, or -1 (ENOENT: no such letter).
 */
int maildir_fetch(const char *path, const char *file);

/*
 * Opens a letter for reading by its very name (NAME of maildir_is_file) in a
 * folder.  A descriptor, which may be of something else than a regular file,
 * and never waits then; or -1.
 */
int maildir_open_in(int folder, const char *name);

/*
 * Writes a letter's octets again where they stand: its name may have reached
 * the disk without them.  0 (also where there is no such letter) or -1.
 */
int maildir_rewrite(
    const char *path, const char *file, const void *data, size_t length);

/* Has the first pages of a letter read, without waiting for them: its reader
 * must not be held up by the disk. */
void maildir_read_ahead(int fd);

/* Opens another file of the Maildir, a regular one, for reading.  As above. */
int maildir_open_file(const char *path, const char *file);

/* Removes a letter, wherever it was moved.  0 (also where there is none) or
 * -1. */
int maildir_remove(const char *path, const char *file);

/* Removes n letters so, in their order up to the first that can't be. */
int maildir_remove_all(const char *path, const char *const *files, unsigned n);

#endif

/*
 * index_file -- where the indexes and the lists of stored UIDLs lie: in folders
 * of the mailbox process, one file a mailbox, named by the SHA-256 of its path
 * below the mail root.  No owner of a mailbox can reach them.
 *
 * Everything here happens with the process's own rights: owner_home comes
 * first.
 */
#ifndef INDEX_FILE_H
#define INDEX_FILE_H

#include <stddef.h>
#include <stdint.h>

/* The SHA-256 of a mailbox's path. */
struct index_key {
	uint8_t octets[32];
};

enum index_kind {
	INDEX_CATALOG, /* a cache: catalog.h */
	INDEX_UIDLS,   /* what can't be made anew: uidl.h */
	INDEX_VISITS,  /* when its user was here last: mailbox_visit.h */
	INDEX_KINDS
};

/* Makes the folders in one that is there already.  Once.  0, or -1 with
 * errno. */
int index_file_setup(const char *folder);

void index_file_key(struct index_key *key, const char *path);

/* A descriptor, or -1 with errno (ENOENT: there is none). */
int
index_file_open(const struct index_key *key, enum index_kind kind, int flags);

/* A new file without a name, open for both ways; or -1 with errno. */
int index_file_make(const struct index_key *key, enum index_kind kind);

/* Gives such a file the name of the one that was there.  Never waits.  0 or
 * -1 with errno. */
int
index_file_publish(int fd, const struct index_key *key, enum index_kind kind);

/* Makes the names in this file's folder durable.  0 or -1 with errno. */
int index_file_sync(const struct index_key *key, enum index_kind kind);

/* Removes it.  0 (also where there is none) or -1 with errno. */
int index_file_remove(const struct index_key *key, enum index_kind kind);

#endif

/*
 * tarball -- an archive of files, which any tar can list: its last member,
 * MANIFEST, has the SHA-256 of each of the others, and of itself.
 *
 * One that is written has no name before it is whole and on the disk.  One that
 * is opened was found whole by all of those sums.
 */
#ifndef TARBALL_H
#define TARBALL_H

#include "tarball_name.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define TARBALL_OWNER_MAX 64
#define TARBALL_MOST	  4000000 /* members */

/* Whose something is, and who else may do what: bits of permission. */
struct tarball_rights {
	mode_t mode;
	char owner[TARBALL_OWNER_MAX], group[TARBALL_OWNER_MAX];
};

struct tarball_member {
	char name[TARBALL_NAME_MAX]; /* a relative path */
	uint64_t size;
	struct tarball_rights rights;
};

/* All that fails says why on standard error, and returns NULL or -1. */

struct tarball;

/* Begins one that is to be named path, which is nobody's yet. */
struct tarball *tarball_create(const char *path);

/* Begins the next member, whose octets follow. */
int tarball_begin(struct tarball *t, const struct tarball_member *m);

/* Some of its octets; the last of them ends it. */
int tarball_put(struct tarball *t, const void *data, size_t length);

/* A member as its file is now; m->size is set to the file's. */
int tarball_put_file(struct tarball *t, struct tarball_member *m, int fd);

/* Whether it has a member of this name. */
int tarball_has(const struct tarball *t, const char *name);

/* The name of member number i, below tarball_count. */
const char *tarball_name(const struct tarball *t, size_t i);

/* Members, and their octets. */
size_t tarball_count(const struct tarball *t);
uint64_t tarball_octets(const struct tarball *t);

/* Ends it: it is on the disk, under its name.  Not called: it never was. */
int tarball_finish(struct tarball *t);

void tarball_free(struct tarball **t);

struct tarball_reader;

/* Opens one after it was read whole; says what is damaged, and where. */
struct tarball_reader *tarball_open(const char *path);

size_t tarball_reader_count(const struct tarball_reader *r);
uint64_t tarball_reader_octets(const struct tarball_reader *r);

/* The next member, but MANIFEST: 1; 0 at the end; -1. */
int tarball_next(struct tarball_reader *r, struct tarball_member *m);

/* Its octets to fd; -1 also where they are not what was checked. */
int tarball_copy(struct tarball_reader *r, int fd);

/* Likewise to data[size], with a NUL behind them; longer is an error. */
int tarball_text(struct tarball_reader *r, char *data, size_t size);

void tarball_close(struct tarball_reader **r);

#endif

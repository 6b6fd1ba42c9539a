/*
 * privileges_paths -- the paths of a struct privileges: symbols, and Landlock.
 */
#ifndef PRIVILEGES_PATHS_H
#define PRIVILEGES_PATHS_H

#include "privileges.h"

/* Open descriptors of what a process may touch. */
struct privileges_paths {
	size_t count;
	int fds[PRIVILEGES_PATHS + PRIVILEGES_HOMES];
	int access[PRIVILEGES_PATHS + PRIVILEGES_HOMES];
};

/*
 * Writes path with its $run, $state or $mail replaced to out[size].  0, or -1
 * with errno: EINVAL (no such symbol, or it stands for nothing here),
 * ENAMETOOLONG.
 */
int privileges_paths_expand(const struct privileges_place *place,
    const char *path, char *out, size_t size);

/* Opens p's paths, which must be there, save homes: before the chroot.  0, or
 * -1 with errno; then a log line has named the path and nothing is open. */
int privileges_paths_open(struct privileges_paths *paths,
    const struct privileges *p, const struct privileges_place *place);

/*
 * From now on the calling thread, and those it starts, can touch no other path
 * (a log line where the kernel has no Landlock).  0, or -1 with errno.
 */
int privileges_paths_enforce(const struct privileges_paths *paths);

/* Closes the descriptors. */
void privileges_paths_close(struct privileges_paths *paths);

#endif

/*
 * homes -- the folders below which system users' Maildirs may lie.
 */
#ifndef HOMES_H
#define HOMES_H

#define HOMES_MAX 8

/* Maildirs may lie below this absolute path from now on.  0, or -1 with errno
 * (ENOSPC: too many). */
int homes_add(const char *path);

/*
 * The descriptor of the one that *path, an absolute one, lies below, with *path
 * moved on to what stands behind it.  -1 with errno EACCES: it lies below none.
 */
int homes_of(const char **path);

/* Whether a path is absolute and lies below one of them. */
int homes_has(const char *path);

#endif

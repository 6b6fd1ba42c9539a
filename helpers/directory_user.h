/*
 * directory_user -- what the directory holds of a user.
 */
#ifndef DIRECTORY_USER_H
#define DIRECTORY_USER_H

#include "directory.h"

/*
 * The user of that name, to whom login may leave out the default domain; no
 * aliases.  OK (with the canonical address in *a), NO_USER or FAILED.
 */
enum directory_result directory_user(struct directory *d, const char *login,
    struct address *a, struct record_user *user);

/* The user under exactly this key: likewise; d->limited tells of a quota. */
enum directory_result directory_user_get(
    struct directory *d, const char *key, struct record_user *user);

#endif

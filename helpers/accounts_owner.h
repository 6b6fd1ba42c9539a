/*
 * accounts_owner -- who owns a mailbox, and where it lies: one of the virtual
 * ones below the mail root, or a system user's ~/Maildir.
 */
#ifndef ACCOUNTS_OWNER_H
#define ACCOUNTS_OWNER_H

#include "address.h"
#include "record.h"

#include <sys/types.h>

#define ACCOUNTS_OWNER_PATH_MAX 1024

struct helper;

struct accounts_owner {
	uid_t uid;
	gid_t gid;
	char path[ACCOUNTS_OWNER_PATH_MAX]; /* absolute */
	struct record_quota quota;
};

/* The owner of the mailbox of this user.  0, or -1 after a log line where the
 * path is too long. */
int accounts_owner_find(const struct helper *h, const struct address *a,
    const struct record_user *user, struct accounts_owner *o);

/*
 * Whether a system user may have a mailbox: ids that are not the system's own,
 * and a path below one of the conf's homes.  NULL, or why not, for people.
 */
const char *
accounts_owner_check(const struct helper *h, const struct record_system *s);

/* Whether a user without a quota of his own has one by the conf. */
int accounts_owner_limited(const struct helper *h);

#endif

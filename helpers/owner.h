/*
 * owner -- acting as the owner of a mailbox.
 *
 * The mailbox process holds CAP_SETUID and CAP_SETGID and nothing else: what it
 * does in a Maildir, it does with the rights of the Maildir's owner, so that an
 * owner who sets traps there gains nothing.
 */
#ifndef OWNER_H
#define OWNER_H

#include <stdint.h>
#include <sys/types.h>

/* A path of a Maildir, its NUL included. */
#define OWNER_PATH_MAX 384

/* Whose a mailbox is and where it lies. */
struct owner {
	uid_t uid;
	gid_t gid;
	uint64_t quota;		   /* octets, 0 for none */
	uint64_t quota_messages;   /* likewise */
	char path[OWNER_PATH_MAX]; /* as in maildir.h */
};

/*
 * Notes the process's own ids, to which owner_home returns, and the lowest uid
 * and gid that any owner may have.  Call it once, after privileges_drop.
 */
void owner_setup(uid_t lowest);

/*
 * The calling thread's effective ids become uid and gid; free where they are
 * already.  Returns 0; -1 with errno EPERM (below the lowest id, or not
 * allowed): then the process is itself again.
 */
int owner_become(uid_t uid, gid_t gid);

/* Back to the process's own ids.  Panics where that fails. */
void owner_home(void);

#endif

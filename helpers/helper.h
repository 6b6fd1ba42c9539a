/*
 * helper -- what the helpers' parent (main.c) hands to each helper process, and
 * the functions that it runs in them.
 */
#ifndef HELPER_H
#define HELPER_H

#include <sys/types.h>

struct helpers_conf; /* settings.h */

struct helper {
	const struct helpers_conf *conf;
	/* Its listening sockets, -1 where it has none: by who asks there. */
	int smtpd;
	int pop3d;
	int admin;
	/* Its ends of the two pairs between accounts and mailbox, -1 else. */
	int link_ask;  /* mailbox asks (device_attach), accounts serves */
	int link_tell; /* accounts tells, mailbox serves (server_attach) */
	unsigned char seal[32]; /* mailbox: key of resume tokens; else zero */
	uid_t uid;		/* the helper's own user */
	gid_t gid;
	uid_t mail_uid; /* owner of virtual mailboxes */
	gid_t mail_gid;
};

/*
 * Each runs in a process of its own until SIGTERM: closes the descriptors that
 * are not its own, gives up its privileges, serves.  Returns the exit code; h
 * is borrowed.  Signals come blocked (super.h).
 */
int resolver_run(const struct helper *h);
int accounts_run(const struct helper *h);
int mailbox_run(const struct helper *h);
int keys_run(const struct helper *h);

#endif

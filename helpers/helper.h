/*
 * helper -- what the helpers' parent (main.c) hands to each helper process, and
 * the functions that it runs in them.
 */
#ifndef HELPER_H
#define HELPER_H

#include "privileges.h"
#include "wire.h"

#include <stdint.h>
#include <sys/types.h>

struct helpers_conf; /* settings.h */

/* Processes that hash passwords, at most. */
#define HELPER_HASHERS_MAX 64
/* Processes that ask PAM, at most. */
#define HELPER_PAMS_MAX 16
/* Processes that run the program for tokens, at most. */
#define HELPER_PROGRAMS_MAX 16
/* Addresses that the metrics are shown at, at most. */
#define HELPER_SHOWS_MAX 8

struct helper {
	const struct helpers_conf *conf;
	/* Its listening sockets, -1 where it has none: by who asks there. */
	int smtpd;
	int pop3d;
	int admin;
	/* Mailbox helpers; a mailbox helper's own number among them. */
	unsigned mailboxes, number;
	/*
	 * Its ends of the two pairs between accounts and each mailbox helper:
	 * of all of them for accounts, the first alone for a mailbox; -1 else.
	 */
	int link_ask[WIRE_HELPERS_MAX];	 /* mailbox asks (device_attach) */
	int link_tell[WIRE_HELPERS_MAX]; /* accounts tells (server_attach) */
	/* The pairs between accounts and the hashers: accounts has an end of
	 * each (pool.h), a hasher one end of one. */
	unsigned hashers;
	int link_hash[HELPER_HASHERS_MAX];
	/* Likewise those that ask PAM, where the conf wants them. */
	unsigned pams;
	int link_pam[HELPER_PAMS_MAX];
	/* And those that run the program for tokens. */
	unsigned programs;
	int link_program[HELPER_PROGRAMS_MAX];
	/* keys: where its parent tells of a reload (keys_news.h); -1 else. */
	int link_parent;
	/* metrics: where it listens, for HTTP. */
	unsigned shows;
	int show[HELPER_SHOWS_MAX];
	int park[2];		/* likewise: a pair, metrics_park.h */
	unsigned char seal[32]; /* mailbox: key of resume tokens; else zero */
	unsigned beat; /* which one (service_notify.h); UINT_MAX: it has none */
	uid_t uid;     /* the helper's own user */
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
int hasher_run(const struct helper *h);
int pam_run(const struct helper *h);
int introspect_run(const struct helper *h);
int metrics_run(const struct helper *h);

/* What the symbols in a helper's literal of rights stand for: h's own user, and
 * its conf. */
struct privileges_place helper_place(const struct helper *h);

/*
 * The begin of such a process: closes all descriptors but the n in keep (sorted
 * here), gives up all rights but these, and ends with its parent from then on.
 * 0, or -1 after a log line.
 */
int helper_drop(const struct helper *h, const struct privileges *privileges,
    int *keep, size_t n);

/* Waits for SIGTERM or SIGINT, in a fiber of the process's only worker, which
 * stops then.  SIGHUP is nothing to it: what is new comes with a restart. */
void helper_serve_until_told(void);

/*
 * Likewise, and then goes on for a while, for what the process that comes can't
 * take over: until is_settled, which is called at once and then every
 * millisecond, returns 1, or for `most` ns.
 */
void helper_serve_until_settled(int (*is_settled)(void), int64_t most);

#endif

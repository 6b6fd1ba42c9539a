/*
 * service_crowd -- what happens where sessions become scarce: time-outs shrink
 * in steps, and at last the least deserving session gives its place to a new
 * one.
 *
 * Points say who deserves least: many for who has shown nothing, a login or
 * mail, for errors, for each second without a word, and for each further
 * session of the same address.  Those who have logged in, or brought mail, go
 * only after a long silence; some, as a POP3 user in his maildrop, never.
 *
 * Each worker chooses among its own sessions, so nothing here is locked but for
 * the count of an address's sessions, which is that of all workers.
 */
#ifndef SERVICE_CROWD_H
#define SERVICE_CROWD_H

#include "listen.h"

#include <stdint.h>

struct fiber;
struct service_client;
struct service_settings;

/* What is known of a session; a member of its service_client. */
struct service_standing {
	struct service_standing *next, **link; /* of the worker's sessions */
	struct fiber *fiber;		       /* NULL: it has none yet */
	int64_t began;			       /* monotonic ns */
	int64_t heard;	 /* of the client last, likewise */
	unsigned errors; /* it has made */
	int is_proven;	 /* it has logged in, or brought mail */
	int is_kept;	 /* it is never turned away */
	unsigned kin;	 /* which count its address is in; 0: in none */
	/* It has lost its place: the session's waits are cancelled, and all
	 * that it says is that it was turned away. */
	int is_turned_away;
	int is_dropped; /* likewise, since the administrator wants it */
};

/* How full it is, in eighths: 0 to 8. */
unsigned service_crowd_step(unsigned sessions, int64_t most);

/* A time-out, ns, at that step: whole up to half full, then a half, a quarter
 * and so on, down to 1/32; twice as long for a session that is proven. */
int64_t service_crowd_timeout(int64_t timeout, unsigned step, int is_proven);

/* The points of a session whose address has so many sessions, at `now`. */
int64_t service_crowd_points(
    const struct service_standing *s, unsigned siblings, int64_t now);

/* A time-out of this session, ns, as things stand.  Any thread. */
int64_t service_patience(const struct service_client *c,
    const struct service_settings *settings, int64_t timeout);

/* The session's client has said something; errors: so far. */
void service_heard(struct service_client *c, unsigned errors, int is_proven);

/* Whom the session is for, where a proxy has told. */
void service_is_for(struct service_client *c, const union listen_address *peer);

/*
 * Hangs up on a new connection, before old work suffers; with these words,
 * unless a handshake would come first.
 */
void
service_crowd_refuse(int fd, int is_tls, const char *busy, const char *why);

/* Once, before the workers. */
void service_crowd_begin(void);

/* The running fiber's session, on its worker: comes, and goes. */
void service_crowd_enter(struct service_client *c);
void service_crowd_leave(struct service_client *c);

/* Calls see for each of the worker's sessions; it may not wait. */
void
service_crowd_each(void (*see)(struct service_client *c, void *arg), void *arg);

/* Ends one of the worker's sessions soon, at its next wait. */
void service_crowd_drop(struct service_client *c);

/*
 * Turns one of the worker's sessions away that deserves less than a new one
 * from this address: it ends soon, at its next wait.  0, or -1: there is none.
 */
int service_crowd_make_room(const union listen_address *peer);

#endif

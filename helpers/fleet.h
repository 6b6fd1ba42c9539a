/*
 * fleet -- all helpers as their parent (main.c) lays them out: which there
 * are, their users, folders, sockets and the pairs between them.
 */
#ifndef FLEET_H
#define FLEET_H

#include "helper.h"
#include "listen_path.h"

#include <stdint.h>

/* The mailbox helpers come last: one, or more. */
enum {
	RESOLVER,
	ACCOUNTS,
	KEYS,
	HASHER,
	PAM,
	INTROSPECT,
	METRICS,
	MAILBOX,
	HELPERS = MAILBOX + WIRE_HELPERS_MAX
};

/* Which of them a parent has: the resolver alone needs the network, so that it
 * may be another service. */
enum fleet_part { FLEET_ALL, FLEET_RESOLVER, FLEET_REST };
/* Their sets of cells (meter.h).  What smtpd and pop3d have counted before they
 * were started anew lies beside those of metrics, which keeps it. */
enum {
	SET_METRICS,
	SET_SMTPD_PAST,
	SET_POP3D_PAST,
	SETS_OF_METRICS,
	SET_HELPER = SETS_OF_METRICS, /* and on: helper number 0... */
	SET_HASHER = SET_HELPER + HELPERS,
	SET_PAM = SET_HASHER + HELPER_HASHERS_MAX,
	SET_INTROSPECT = SET_PAM + HELPER_PAMS_MAX,
	SETS = SET_INTROSPECT + HELPER_PROGRAMS_MAX
};

struct fleet {
	enum fleet_part part; /* set it first */
	struct helper helpers[HELPERS];
	char names[HELPERS][16]; /* of processes in logs, and of sockets */
	struct listen_file files[HELPER_SHOWS_MAX]; /* of metrics */
	int link_keys; /* the parent's own end of a pair with keys */
	int end;       /* behind the last that the conf asks for */
};

/* Whether a helper (RESOLVER ...) belongs to its part. */
int fleet_has(const struct fleet *fleet, int helper);

/*
 * Fills it in by a conf that it borrows, as root: finds users, makes folders,
 * sockets and pairs.  The resolver alone needs no root where its sockets were
 * passed, and makes no folder.  Ends the process, with a line that says why, on
 * failure.
 */
void fleet_prepare(struct fleet *fleet, const struct helpers_conf *conf);

/* Which helper has counted in a set of cells: its number, or -1 for none. */
int fleet_helper_of(unsigned set);

/* A number that is another one where a set of cells is another helper's, or a
 * cell another one (meter_layout). */
uint32_t fleet_layout(void);

/* The name of a helper's processes, mailbox helpers counted from MAILBOX; to
 * the next call. */
const char *fleet_name(int helper);

/* Removes the sockets that it made. */
void fleet_remove_sockets(struct fleet *fleet, const struct helpers_conf *conf);

/* The name of a setting that differs and of which more has been made than a
 * reload can change; NULL for none. */
const char *
fleet_needs_restart(const struct helpers_conf *a, const struct helpers_conf *b);

#endif

/*
 * sender -- which addresses a user may send as (RFC 6409 6.1): his own, those
 * that lead to his mailbox alone, and those that were given to him.
 */
#ifndef SENDER_H
#define SENDER_H

#include "directory.h"

/* What helpers.conf(5) allows to all. */
enum sender_rule {
	SENDER_OWN,    /* nothing besides */
	SENDER_DOMAIN, /* each address of their domain */
	SENDER_ANY
};

/*
 * Whether the user of this canonical name may send as address ("": the null
 * reverse-path, which anybody may).  room: scratch.  DIRECTORY_OK: he may;
 * DIRECTORY_NO_USER: he may not; DIRECTORY_FAILED.
 */
enum directory_result sender_check(struct directory *d, enum sender_rule rule,
    const char *name, const char *address, struct record_targets *room);

#endif

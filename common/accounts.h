/*
 * accounts -- the stub of the accounts helper: who gets mail, and who may log
 * in.  Calls wait (the fiber parks) and take an absolute deadline.
 */
#ifndef ACCOUNTS_H
#define ACCOUNTS_H

#include "wire.h"

#include <stdint.h>

struct device;

enum accounts_result {
	ACCOUNTS_OK,
	ACCOUNTS_FOREIGN,   /* the domain is not ours */
	ACCOUNTS_NO_USER,   /* the domain is, the user is not */
	ACCOUNTS_LOOP,	    /* aliases that never end, or too many targets */
	ACCOUNTS_DENIED,    /* wrong name or password: never says which */
	ACCOUNTS_TEMPORARY, /* the helper is away, or its disk fails */
	ACCOUNTS_RESULTS
};

struct accounts_targets {
	unsigned count;
	char (*names)[WIRE_NAME_MAX]; /* canonical mailbox names; no doubles */
	int crlf;    /* letters are stored with CRLF line ends */
	int limited; /* some may be full: ask mailbox_room */
};

/*
 * The mailboxes that mail to address (local@domain, or "postmaster" alone)
 * goes to, through aliases and plus-addressing.  On ACCOUNTS_OK targets is the
 * caller's, to be freed with accounts_targets_free; else it is empty.
 */
enum accounts_result accounts_lookup(struct device *d, const char *address,
    struct accounts_targets *targets, int64_t deadline);

void accounts_targets_free(struct accounts_targets *targets);

struct accounts_login {
	char name[WIRE_NAME_MAX]; /* the canonical mailbox name, for logs */
	unsigned char ticket[WIRE_TICKET_SIZE]; /* opens the box, once */
};

/*
 * Verifies a login for POP3.  user may leave out the domain where helpers.conf
 * names a default one.  ACCOUNTS_OK, ACCOUNTS_DENIED or ACCOUNTS_TEMPORARY.
 * The copy of the password inside the request is wiped.
 */
enum accounts_result accounts_verify(struct device *d, const char *user,
    const char *password, struct accounts_login *login, int64_t deadline);

#endif

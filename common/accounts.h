/*
 * accounts -- the stub of the accounts helper: who gets mail.  (Logins:
 * sasl.h.) Calls wait (the fiber parks) and take an absolute deadline.
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
	ACCOUNTS_DENIED,    /* it takes no mail from this sender */
	ACCOUNTS_TEMPORARY, /* the helper is away, or its disk fails */
	ACCOUNTS_RESULTS
};

struct accounts_targets {
	unsigned count;
	char (*names)[WIRE_NAME_MAX]; /* canonical mailbox names; no doubles */
	int crlf;    /* letters are stored with CRLF line ends */
	int limited; /* some may be full: ask mailbox_room */
};

/* Who sends. */
struct accounts_sender {
	enum wire_lookup_who who;
	const char *address; /* the reverse-path; "": the null one */
};

/*
 * The mailboxes that mail from sender to address (local@domain, or "postmaster"
 * alone) goes to, through aliases and plus-addressing.  On ACCOUNTS_OK targets
 * is the caller's, to be freed with accounts_targets_free; else it is empty.
 */
enum accounts_result accounts_lookup(struct device *d, const char *address,
    const struct accounts_sender *sender, struct accounts_targets *targets,
    int64_t deadline);

void accounts_targets_free(struct accounts_targets *targets);

#endif

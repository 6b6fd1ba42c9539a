/*
 * mailbox_link -- the mailbox helpers as the stub (mailbox.h) sees them: a
 * device to each, and which of them has a mailbox.
 *
 * Nobody tells a client process how many there are, or whose a mailbox is.  It
 * asks the one that it thinks of; a helper that does not have the mailbox says
 * who does, and that is remembered for the next time.  There may be fewer of
 * them tomorrow, but always number 0: it is asked where another does not answer
 * at once, and sends us back where that one is only being started anew.
 */
#ifndef MAILBOX_LINK_H
#define MAILBOX_LINK_H

#include "mailbox.h"

/* What the functions below say, to the stub alone. */
enum mailbox_link_result {
	MAILBOX_LINK_GONE = MAILBOX_RESULTS, /* the helper forgot the handle */
	MAILBOX_LINK_ELSEWHERE		     /* another helper has it */
};

/* How often a request follows a mailbox to another helper. */
#define MAILBOX_LINK_HOPS 12

/* The device of helper number n, opened where it is not yet; NULL after a log
 * line. */
struct device *mailbox_link_device(struct mailbox *m, unsigned n);

/* The number of the helper to be asked first for the mailbox. */
unsigned mailbox_link_guess(struct mailbox *m, const char *name);
void mailbox_link_learn(const char *name, unsigned n);

/*
 * The status of a reply.  MAILBOX_OK: the fields are still to be read.  Else
 * they were; MAILBOX_LINK_ELSEWHERE sets *helper.  A malformed reply is
 * MAILBOX_TEMPORARY.
 */
int
mailbox_link_status(struct device *d, struct packet *reply, unsigned *helper);

/* Sends the request, frees it, and reads the status, as above (ELSEWHERE is
 * MAILBOX_TEMPORARY). */
int mailbox_link_ask(struct device *d, struct packet *request,
    struct packet *reply, int flags, int64_t deadline);

/* The fields of an OK were read: were they all, and no more?  MAILBOX_OK or
 * MAILBOX_TEMPORARY. */
enum mailbox_result mailbox_link_end(struct device *d, struct packet *reply);

#endif

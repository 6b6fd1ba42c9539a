/*
 * delivery -- a message that has come whole goes to the mailboxes of its
 * recipients, and each recipient gets a result.
 */
#ifndef DELIVERY_H
#define DELIVERY_H

#include "mailbox.h"

struct smtp;

/* A result beside those of mailbox.h: it was there before (Delivered-To). */
#define DELIVERY_LOOP MAILBOX_RESULTS

/*
 * Hands the transaction's message over.  With each, a recipient's result
 * stands for him alone (LMTP, PRDR); else all get it or none.  Sets the result
 * of each recipient, and returns MAILBOX_OK where all have it, else a result
 * of one that does not.  Only its deadline ends the wait, no cancellation: what
 * may be durable must be told.
 */
int delivery_commit(struct smtp *s, int each);

/* A result as a reply to the end of data, without a recipient's name; NULL for
 * MAILBOX_OK. */
const char *delivery_reply(int result);

#endif

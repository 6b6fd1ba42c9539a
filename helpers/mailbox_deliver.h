/*
 * mailbox_deliver -- smtpd's requests to the mailbox helper.  Deliveries are
 * gathered while a batch is on its way to the disk, and make the next one.
 */
#ifndef MAILBOX_DELIVER_H
#define MAILBOX_DELIVER_H

struct request;
struct store;

/* Starts the fiber that commits batches of at most `most` messages.  store is
 * borrowed for ever.  0, or -1 with errno. */
int mailbox_deliver_setup(struct store *store, unsigned most);

/* Rows of the helper's table (server.h). */
int answer_deliver(struct request *q);
int answer_retract(struct request *q);

/* A sync failed: ends the process, whose successor replays the journal. */
void mailbox_deliver_give_up(void);

#endif

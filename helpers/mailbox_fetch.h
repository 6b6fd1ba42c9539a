/*
 * mailbox_fetch -- letters for pop3d: small ones, several at a time, on the
 * shelf that it shares with the helper (shelf.h), or inside the answer; of a
 * large one the descriptor, with its first pages read ahead.
 */
#ifndef MAILBOX_FETCH_H
#define MAILBOX_FETCH_H

struct request;

/* Rows of the helper's table (server.h). */
int answer_fetch(struct request *q);
int answer_shelf(struct request *q);

#endif

/*
 * mailbox_fetch -- letters for pop3d: small ones inside the answer, several at
 * a time; of a large one the descriptor, with its first pages read ahead.
 */
#ifndef MAILBOX_FETCH_H
#define MAILBOX_FETCH_H

struct request;

/* A row of the helper's table (server.h). */
int answer_fetch(struct request *q);

#endif

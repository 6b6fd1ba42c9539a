/*
 * mailbox_drop -- pop3d's requests to the mailbox helper: maildrops, each held
 * by one session at a time.
 */
#ifndef MAILBOX_DROP_H
#define MAILBOX_DROP_H

struct request;
struct store;

/* store is borrowed for ever. */
void mailbox_drop_setup(struct store *store);

/* Rows of the helper's table (server.h). */
int answer_open(struct request *q);
int answer_list(struct request *q);
int answer_fetch(struct request *q);
int answer_expunge(struct request *q);
int answer_close(struct request *q);

/* A peer has gone: its maildrops are free (struct server). */
void mailbox_drop_gone(void *peer_data);

#endif

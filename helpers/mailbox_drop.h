/*
 * mailbox_drop -- pop3d's requests to the mailbox helper: maildrops, each held
 * by one session at a time.
 */
#ifndef MAILBOX_DROP_H
#define MAILBOX_DROP_H

#include <stdint.h>

struct mailbox_proof;
struct drop;
struct owner;
struct request;
struct shelf;
struct store;

/*
 * store is borrowed for ever.  exclusive: a maildrop has one session at a time,
 * as RFC 1939 4 has it; else any number, each with the snapshot of its login.
 */
void mailbox_drop_setup(struct store *store, int exclusive);

/* Whether no login is under way that this process alone can open: no request to
 * open, and no ticket that is about to be shown. */
int mailbox_drop_is_settled(void);

/* Rows of the helper's table (server.h). */
int answer_open(struct request *q);
int answer_damaged(struct request *q);
int answer_expunge(struct request *q);
int answer_close(struct request *q);
int answer_leave(struct request *q);

/* Whose maildrop the peer of q has open under this handle, borrowed until it is
 * closed; NULL: it has none. */
const struct mailbox_proof *
mailbox_drop_proof(struct request *q, uint32_t handle);

/* Where the shelf of the peer of q is kept, NULL in it at first; NULL where
 * memory is out.  Freed with the peer. */
struct shelf **mailbox_drop_shelf(struct request *q);

/*
 * Holds a maildrop as a session does, for a request of an administrator, which
 * answers it before it lets go.  NULL with errno EBUSY or ENOMEM.
 */
struct drop *
mailbox_drop_hold(struct request *q, const char *name, const struct owner *o);
void mailbox_drop_release(struct drop **d);

/* A peer has gone: its maildrops are free (struct server). */
void mailbox_drop_gone(void *peer_data);

#endif

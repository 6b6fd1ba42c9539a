/*
 * mailbox_room -- what smtpd asks of the mailbox helper before it hands a
 * message over: a file for a large one, and whether there is room.
 */
#ifndef MAILBOX_ROOM_H
#define MAILBOX_ROOM_H

struct request;
struct store;

/* store is borrowed for ever. */
void mailbox_room_setup(struct store *store);

/* Rows of the helper's table (server.h). */
int answer_spool(struct request *q);
int answer_room(struct request *q);

#endif

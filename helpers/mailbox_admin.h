/*
 * mailbox_admin -- mailctl's requests to the mailbox helper: what is in a
 * mailbox, and its index.
 */
#ifndef MAILBOX_ADMIN_H
#define MAILBOX_ADMIN_H

struct request;

/* Rows of the helper's table (server.h); each runs in a fiber of its own. */
int answer_box_list(struct request *q);
int answer_box_check(struct request *q);
int answer_box_repair(struct request *q);
int answer_box_import(struct request *q);
int answer_box_xuidl(struct request *q);

#endif

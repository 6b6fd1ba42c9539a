/*
 * mailbox_visit -- pop3d's requests about a maildrop that it makes where its
 * conf asks for them: when its user was there last, what he has seen.  The
 * record is a small file a mailbox (index_file.h), replaced as a whole.
 */
#ifndef MAILBOX_VISIT_H
#define MAILBOX_VISIT_H

struct request;

/* Rows of the helper's table (server.h). */
int answer_visit(struct request *q);
int answer_mark(struct request *q);
int answer_box_visit(struct request *q);

#endif

/*
 * notify -- success notes for what was delivered here (RFC 3461 5.2.3, 6).
 */
#ifndef NOTIFY_H
#define NOTIFY_H

struct smtp;

/*
 * The transaction's message is delivered, at least to some: where a recipient
 * has NOTIFY=SUCCESS, a note goes to the reverse-path.  A note that can't be
 * delivered here is logged and dropped: nothing is sent out from here.  Waits.
 */
void notify_success(struct smtp *s);

#endif

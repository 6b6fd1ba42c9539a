/*
 * port -- a bounded queue of messages that notifies a ring.
 *
 * Messages are intrusive: a struct message stands first in whatever is sent,
 * nothing is copied or allocated, and sending passes the ownership on.  Fibers
 * of any worker and kernel threads may send; the ring's owner receives.
 */
#ifndef PORT_H
#define PORT_H

#include "ring.h"

struct message {
	struct message *next;
	struct port *reply_to; /* where port_reply sends it; NULL for nowhere */
	_Atomic int recalled;  /* see port_recalled */
};

struct port {
	struct ring *ring;
	struct message *head, **tail;
	unsigned count, capacity;
	int closed;
	struct port_sender *senders; /* who waits for room, oldest first */
};

/*
 * An empty port that notifies r and holds at most capacity (1 or more)
 * messages.  r is borrowed.  Both must stay until the port is closed and each
 * port_send and port_call has returned.
 */
void port_init(struct port *p, struct ring *r, unsigned capacity);

/*
 * Sends m.  Where the port is full, waits for room on the caller's own ring
 * until the deadline (0: does not wait).  Returns 0: m is the receiver's.
 * -1: m is still the caller's; errno EAGAIN (full, deadline 0), ETIMEDOUT,
 * ECANCELED, or EPIPE (closed).
 */
int port_send(struct port *p, struct message *m, int64_t deadline);

/*
 * The oldest message, now the caller's; NULL where the port is empty.  Does
 * not wait: loop over ring_wait.
 */
struct message *port_receive(struct port *p);

/*
 * Sends m back to m->reply_to, whose owner has promised room.  Returns 0, or
 * -1 with errno EPIPE where that port is closed; m is then still the caller's.
 */
int port_reply(struct message *m);

/*
 * Request and reply: sends m to p with a reply port of its own and waits for m
 * to come back.  Returns 0 when it did.  -1 with errno ETIMEDOUT, ECANCELED,
 * EAGAIN or EPIPE where it was not sent, or was taken back before the receiver
 * had seen it; m is then the caller's, untouched.
 *
 * A message that the receiver has taken is its own until it answers.  At the
 * deadline, or when the caller is cancelled, the message is recalled: the
 * receiver's ring is notified, it sees port_recalled and must answer at once.
 */
int port_call(struct port *p, struct message *m, int64_t deadline);

/*
 * Whether the caller of a message, received and not yet answered, no longer
 * wants the answer.  Does not wait.
 */
int port_recalled(const struct message *m);

/*
 * Closes the port: senders fail with EPIPE, those that wait for room too.
 * Messages still in it stay there for port_receive.
 */
void port_close(struct port *p);

#endif

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
 * messages.  r is borrowed until the port is closed for good.
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
 * EAGAIN or EPIPE where it was not sent at all.  Once sent, m belongs to the
 * receiver until it answers, so the deadline then bounds only the receiver's
 * work: it must answer each message, and soon where it sees the deadline pass.
 */
int port_call(struct port *p, struct message *m, int64_t deadline);

/*
 * Closes the port: senders fail with EPIPE, those that wait for room too.
 * Messages still in it stay there for port_receive.
 */
void port_close(struct port *p);

#endif

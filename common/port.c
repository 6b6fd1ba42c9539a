#include "port.h"

#include "clock.h"
#include "fiber.h"
#include "sched.h"

#include <errno.h>

/* Who waits for room in a full port. */
struct port_sender {
	struct ring ring;
	struct port_sender *next;
};

void
port_init(struct port *p, struct ring *r, unsigned capacity)
{
	*p = (struct port){.ring = r, .capacity = capacity};
	p->tail = &p->head;
}

static struct waiter *
push(struct port *p, struct message *m)
{
	m->next = NULL;
	*p->tail = m;
	p->tail = &m->next;
	p->count++;
	return ring_claim(p->ring);
}

static void
senders_add(struct port *p, struct port_sender *s)
{
	struct port_sender **at = &p->senders;

	while (*at != NULL)
		at = &(*at)->next;
	s->next = NULL;
	*at = s;
}

/* Whether s was still waiting; if not, its notification is sure to come. */
static int
senders_remove(struct port *p, struct port_sender *s)
{
	struct port_sender **at;

	for (at = &p->senders; *at != NULL; at = &(*at)->next)
		if (*at == s) {
			*at = s->next;
			return 1;
		}
	return 0;
}

/* With the lock held: whom the free room is for, NULL for nobody. */
static struct port_sender *
senders_next(struct port *p)
{
	struct port_sender *s = p->senders;

	if (s == NULL || p->count >= p->capacity)
		return NULL;
	p->senders = s->next;
	return s;
}

/* Whoever was given room and leaves without using it hands it on. */
static void
pass_turn(struct port *p)
{
	struct port_sender *s;

	ring_lock(p->ring);
	s = senders_next(p);
	ring_unlock(p->ring);
	if (s != NULL)
		ring_notify(&s->ring);
}

/*
 * Waits for a turn at a full port, whose lock is held and then let go.  Our
 * own ring stands on this stack, so that we may only leave once whoever took
 * us off the list has also notified it.
 */
static int
wait_for_room(struct port *p, int64_t deadline)
{
	struct port_sender self;
	int listed, error;

	ring_init(&self.ring);
	senders_add(p, &self);
	ring_unlock(p->ring);
	if (ring_wait(&self.ring, deadline) == 0)
		return 0;
	error = errno;
	ring_lock(p->ring);
	listed = senders_remove(p, &self);
	ring_unlock(p->ring);
	if (!listed) {
		fiber_shield(1);
		ring_wait(&self.ring, CLOCK_NEVER);
		fiber_shield(0);
		pass_turn(p);
	}
	errno = error;
	return -1;
}

int
port_send(struct port *p, struct message *m, int64_t deadline)
{
	struct waiter *w;

	for (;;) {
		ring_lock(p->ring);
		if (p->closed || p->count < p->capacity)
			break;
		if (deadline == 0) {
			ring_unlock(p->ring);
			errno = EAGAIN;
			return -1;
		}
		if (wait_for_room(p, deadline) == -1)
			return -1;
	}
	if (p->closed) {
		ring_unlock(p->ring);
		errno = EPIPE;
		return -1;
	}
	w = push(p, m);
	ring_unlock(p->ring);
	if (w != NULL)
		sched_wake(w, 0);
	return 0;
}

struct message *
port_receive(struct port *p)
{
	struct port_sender *s;
	struct message *m;

	ring_lock(p->ring);
	if ((m = p->head) != NULL) {
		if ((p->head = m->next) == NULL)
			p->tail = &p->head;
		p->count--;
	}
	s = senders_next(p);
	ring_unlock(p->ring);
	if (s != NULL)
		ring_notify(&s->ring);
	return m;
}

int
port_reply(struct message *m)
{
	struct port *p = m->reply_to;
	struct waiter *w = NULL;
	int closed;

	ring_lock(p->ring);
	if (!(closed = p->closed))
		w = push(p, m);
	ring_unlock(p->ring);
	if (w != NULL)
		sched_wake(w, 0);
	if (!closed)
		return 0;
	errno = EPIPE;
	return -1;
}

/* Takes m back out of the port: 0, or -1 where it was received already. */
static int
take_back(struct port *p, struct message *m)
{
	struct message **at;
	int found;

	ring_lock(p->ring);
	for (at = &p->head; *at != NULL && *at != m; at = &(*at)->next)
		;
	if ((found = *at != NULL)) {
		if ((*at = m->next) == NULL)
			p->tail = at;
		p->count--;
	}
	ring_unlock(p->ring);
	if (!found)
		return -1;
	pass_turn(p);
	return 0;
}

/*
 * Recalls m, which is on loan: leaving without it would be leaving it to point
 * at a reply port that is gone.
 */
static void
recall(struct port *p, struct message *m, struct port *reply)
{
	m->recalled = 1;
	ring_notify(p->ring);
	fiber_shield(1);
	while (port_receive(reply) == NULL)
		ring_wait(reply->ring, CLOCK_NEVER);
	fiber_shield(0);
}

int
port_call(struct port *p, struct message *m, int64_t deadline)
{
	struct ring ring;
	struct port reply;
	int error;

	ring_init(&ring);
	port_init(&reply, &ring, 1);
	m->reply_to = &reply;
	sanitize_atomic(&m->recalled, sizeof(m->recalled));
	m->recalled = 0;
	if (port_send(p, m, deadline) == -1)
		return -1;
	while (port_receive(&reply) == NULL) {
		if (ring_wait(&ring, deadline) == 0)
			continue;
		error = errno;
		if (take_back(p, m) == 0) {
			errno = error;
			return -1;
		}
		recall(p, m, &reply);
		return 0;
	}
	return 0;
}

int
port_recalled(const struct message *m)
{
	return m->recalled;
}

void
port_close(struct port *p)
{
	struct port_sender *s;

	ring_lock(p->ring);
	p->closed = 1;
	while ((s = p->senders) != NULL) {
		p->senders = s->next;
		ring_unlock(p->ring);
		ring_notify(&s->ring);
		ring_lock(p->ring);
	}
	ring_unlock(p->ring);
}

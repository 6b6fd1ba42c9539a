#include "calls.h"

#include "clock.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

int
calls_init(struct calls *s, unsigned limit)
{
	uint32_t slots = 1;

	if (limit == 0 || limit > CALLS_MOST) {
		errno = EINVAL;
		return -1;
	}
	while (slots < limit)
		slots *= 2;
	*s = (struct calls){.mask = slots - 1, .limit = limit};
	s->tail = &s->head;
	if ((s->slots = calloc(slots, sizeof(struct call *))) == NULL)
		return -1;
	if (getrandom(&s->last_id, sizeof(s->last_id), GRND_NONBLOCK) !=
	    (ssize_t)sizeof(s->last_id))
		s->last_id = (uint32_t)clock_now();
	return 0;
}

void
calls_free(struct calls *s)
{
	free(s->slots);
	s->slots = NULL;
}

static void
enqueue(struct calls *s, struct call *c)
{
	c->state = CALL_QUEUED;
	c->next = NULL;
	c->link = s->tail;
	*s->tail = c;
	s->tail = &c->next;
}

static void
dequeue(struct calls *s, struct call *c)
{
	*c->link = c->next;
	if (c->next != NULL)
		c->next->link = c->link;
	else
		s->tail = c->link;
}

static struct call **
slot(const struct calls *s, uint32_t id)
{
	return &s->slots[id & s->mask];
}

void
calls_admit(struct calls *s, struct call *c)
{
	/* Some slot is free: count < limit <= slots. */
	do
		s->last_id++;
	while (*slot(s, s->last_id) != NULL);
	c->request->head.id = s->last_id;
	*slot(s, s->last_id) = c;
	s->count++;
	enqueue(s, c);
}

struct call *
calls_find(const struct calls *s, uint32_t id)
{
	struct call *c = *slot(s, id);

	if (c == NULL || c->state != CALL_SENT || c->request->head.id != id)
		return NULL;
	return c;
}

void
calls_sent(struct calls *s, struct call *c)
{
	dequeue(s, c);
	c->state = CALL_SENT;
}

void
calls_requeue(struct calls *s, struct call *c)
{
	enqueue(s, c);
}

void
calls_forget(struct calls *s, struct call *c)
{
	if (c->state == CALL_QUEUED)
		dequeue(s, c);
	*slot(s, c->request->head.id) = NULL;
	s->count--;
}

void
calls_complete(struct calls *s, struct call *c, int error)
{
	calls_forget(s, c);
	c->state = CALL_DONE;
	c->error = error;
	ring_notify(&c->ring);
}

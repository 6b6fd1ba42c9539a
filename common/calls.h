/*
 * calls -- the requests of one device (device.c alone) that have no reply yet:
 * each stands in a table by its id, and in the queue until it was sent.
 */
#ifndef CALLS_H
#define CALLS_H

#include "packet.h"
#include "ring.h"

enum call_state { CALL_QUEUED, CALL_SENT, CALL_DONE };

/* One request; lives on its caller's stack. */
struct call {
	struct packet *request, *reply;
	struct ring ring; /* its own, to eat no one else's notification */
	int flags;
	int error; /* of a CALL_DONE; 0: reply is filled */
	unsigned repeats;
	enum call_state state;
	struct call *next, **link; /* in the queue, while CALL_QUEUED */
};

struct calls {
	struct call *head, **tail; /* the queue: not sent yet */
	struct call **slots;	   /* all, by the low bits of their ids */
	uint32_t mask;		   /* slots less one; slots >= limit */
	uint32_t last_id;
	unsigned limit, count;
};

/*
 * No calls, with room for limit (1 to CALLS_MOST).  Ids begin at a random
 * number.  0, or -1 with errno EINVAL or ENOMEM.
 */
#define CALLS_MOST (1U << 20)
int calls_init(struct calls *s, unsigned limit);
void calls_free(struct calls *s);

/* Takes c in, numbers its request and queues it.  count must be below limit. */
void calls_admit(struct calls *s, struct call *c);

/* The call that was sent under this id and has no reply yet; else NULL. */
struct call *calls_find(const struct calls *s, uint32_t id);

/* c, the head of the queue, was sent. */
void calls_sent(struct calls *s, struct call *c);

/* c, which was sent, is queued again. */
void calls_requeue(struct calls *s, struct call *c);

/* Takes c out of wherever it is. */
void calls_forget(struct calls *s, struct call *c);

/*
 * Likewise, and wakes its caller, who does nothing more to s for this call.
 * error is an errno, or 0 where the reply is filled.
 */
void calls_complete(struct calls *s, struct call *c, int error);

#endif

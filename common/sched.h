/*
 * sched -- the inside of worker, fiber and ring: who may run, who sleeps, and
 * how a wake-up from another thread gets there.  For these three rooms alone.
 *
 * A sleeper is woken exactly once: whoever takes it out of ring->waiter, under
 * the ring's lock, must deliver it with sched_wake.  A notification, a deadline
 * and a cancellation all claim it that way.
 *
 * A fiber that waits for another's end (fiber_join) sleeps on no ring: it
 * stands in joins, the other in joiner, and all that can wake it, its own
 * worker does.
 *
 * A wake-up for a fiber of another worker goes through that worker's inbox.
 * The doorbell (an eventfd) is rung only if that worker has said that it is
 * going to sleep: it sets `sleeping`, looks at the inbox once more, and sleeps;
 * the sender fills the inbox and then looks at `sleeping`.  One of the two sees
 * the other, whatever the order.
 */
#ifndef SCHED_H
#define SCHED_H

#include "fiber.h"
#include "ring.h"
#include "sanitize.h"
#include "stack.h"
#include "switch.h"
#include "timer.h"

#include <stdatomic.h>

struct worker;

/* Something for another worker to do: runs there, between fibers. */
struct inbox_item {
	struct inbox_item *next;
	void (*deliver)(struct inbox_item *);
};

/* A fiber or a kernel thread that may sleep on a ring. */
struct waiter {
	struct inbox_item item; /* must stay first: a wake-up is an item */
	struct worker *worker;	/* NULL: a kernel thread */
	struct ring *ring;	/* what it sleeps on; NULL while it does not */
	int error;		/* how its wait ended: 0 or errno */
	int doorbell;		/* a kernel thread's eventfd */
};

enum cancel_state { CANCEL_NONE, CANCEL_POSTED, CANCEL_DELIVERED };

struct fiber {
	struct waiter waiter; /* must stay first */
	struct inbox_item cancel_item;
	_Atomic int cancel; /* enum cancel_state */
	int shield;
	int joinable, ended;
	int trimmed;	      /* its unused stack was given back */
	int64_t parked_at;    /* the worker's clock when it last parked */
	struct ring ring;     /* its own: ring_self() */
	struct fiber *joiner; /* who waits for its end */
	struct fiber *joins;  /* for whose end it waits */
	struct timer timer;
	struct context context;
	struct stack *stack;
	struct sanitize sanitize;
	void (*main)(void *);
	void *arg;
	struct fiber *run_next;
	struct fiber *prev, *next; /* all of the worker */
	void *locals[FIBER_KEYS];
	char name[FIBER_NAME_MAX];
};

struct worker {
	int index;
	int epoll, doorbell;
	struct fiber *current; /* NULL: the scheduler itself */
	struct fiber *run_head, **run_tail;
	unsigned budget;   /* switches left until epoll is asked again */
	unsigned io_calls; /* since the start; see sched_be_fair */
	struct timers timers;
	int64_t now;		 /* the clock, as last read by the scheduler */
	int64_t tend_at;	 /* when stacks are next looked after */
	struct fiber *tend_next; /* how far that has come; NULL: done */
	int tend_wanted;	 /* some fiber has parked since all were seen */
	_Atomic(struct inbox_item *) inbox; /* newest first */
	_Atomic int sleeping;
	_Atomic int posting; /* threads inside sched_post */
	struct fiber *fibers;
	size_t count;
	struct fiber *dead; /* ended, its stack still stood on */
	struct stack_cache stacks;
	struct context context; /* the scheduler's own */
	struct sanitize sanitize;
	struct sanitize *left; /* of whoever switched last */
	int stopping;	       /* its fibers have been cancelled */
	void *fault_stack;     /* where the handler of an overflow runs */
	void *buffers;	       /* conn.c's free buffers */
	unsigned buffers_idle;
};

/* Set by worker.c alone. */
extern _Thread_local struct worker *sched_worker_here;

/* The calling thread's worker, NULL if it is none. */
static inline struct worker *
sched_worker(void)
{
	return sched_worker_here;
}

/*
 * Parks the running fiber until someone wakes its waiter.  The waiter must be
 * in a ring, or bound to be woken otherwise.
 */
void sched_park(struct worker *w);

/*
 * Parks the running fiber f, which the caller has put where something will find
 * it, until that or the deadline.  0, or -1 with the errno that it was woken
 * with.
 */
int sched_sleep(struct fiber *f, int64_t deadline);

/* Runs f at its turn.  Same worker only. */
void sched_ready(struct worker *w, struct fiber *f);

/* Delivers the wake-up of a waiter that the caller has claimed. */
void sched_wake(struct waiter *waiter, int error);

/* Hands an item to a worker; any thread. */
void sched_post(struct worker *w, struct inbox_item *item);

/*
 * Gives back what fibers parked for long do not use of their stacks.  Looks at
 * some fibers a call and goes on from there at the next.
 */
void sched_tend_stacks(struct worker *w);

/* Runs fibers from the run queue, at most budget switches. */
void sched_run(struct worker *w);

/*
 * Called at each input, output and wait that finds itself notified: where the
 * running fiber has kept the worker for a whole time slice, lets the others run
 * and descriptors be looked at.
 */
void sched_be_fair(struct worker *w);

/* Has a fiber's wait, if it is in one that is not shielded, end. */
void sched_cancel(struct fiber *f);

/* Ends the wait of the fiber whose timer this is. */
void sched_timeout(struct timer *t);

/* epoll has these events of a watch (watch.c). */
void sched_events(struct watch *w, uint32_t events);

/* Whether f was cancelled and heeds that. */
static inline int
sched_cancelled(const struct fiber *f)
{
	return f->cancel == CANCEL_DELIVERED && f->shield == 0;
}

/* The caller's waiter: the running fiber's, or the kernel thread's. */
struct waiter *sched_waiter(void);

/* The lock of a ring and of its ports: held for some ten instructions. */
void ring_lock(struct ring *r);
void ring_unlock(struct ring *r);

/*
 * With the lock held: notes the notification, and returns the waiter that the
 * caller must wake after ring_unlock (NULL for none).
 */
struct waiter *ring_claim(struct ring *r);

/* ring_poll for a kernel thread, which sleeps in poll(2). */
int ring_poll_thread(
    struct ring *r, struct pollfd *fds, unsigned n, int64_t deadline);

#endif

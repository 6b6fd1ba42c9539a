#include "fiber.h"

#include "clock.h"
#include "log.h"
#include "meter.h"
#include "sched.h"

#include <errno.h>
#include <string.h>

enum { TENDED_AT_ONCE = 4096 };

/* A fiber parked for as long as this is taken to stay parked for longer. */
#define TRIM_AFTER (1 * CLOCK_SECOND)

/* How long a fiber that never waits keeps the others from running. */
#define SLICE (5 * CLOCK_MILLISECOND)

_Thread_local struct worker *sched_worker_here;

struct fiber *
fiber_self(void)
{
	struct worker *w = sched_worker();

	return w ? w->current : NULL;
}

const char *
fiber_name(void)
{
	struct fiber *f = fiber_self();

	return f ? f->name : "-";
}

size_t
fiber_count(void)
{
	return sched_worker() ? sched_worker()->count : 0;
}

void
fiber_set_stack_size(size_t size)
{
	stack_set_size(size);
}

/* Frees what the fiber that ran before has left, if it ended. */
static void
bury(struct worker *w)
{
	struct fiber *f = w->dead;

	if (f == NULL)
		return;
	w->dead = NULL;
	sanitize_destroy(&f->sanitize);
	f->ended = 1;
	if (!f->joinable)
		stack_put(&w->stacks, f->stack);
}

/* Goes on in another context: fiber `to`, or the scheduler for NULL. */
static inline void
resume(struct worker *w, struct fiber *to)
{
	struct fiber *from = w->current;
	struct sanitize *leave = from ? &from->sanitize : &w->sanitize;
	struct sanitize *enter = to ? &to->sanitize : &w->sanitize;

	w->current = to;
	w->left = leave;
	sanitize_leave(leave, enter, from != NULL && from == w->dead);
	switch_context(from ? &from->context : &w->context,
	    to ? &to->context : &w->context);
	sanitize_enter(leave, w->left);
	bury(w);
}

static struct fiber *
run_queue_take(struct worker *w)
{
	struct fiber *f = w->run_head;

	if (f == NULL)
		return NULL;
	if ((w->run_head = f->run_next) == NULL)
		w->run_tail = &w->run_head;
	f->run_next = NULL;
	return f;
}

void
sched_ready(struct worker *w, struct fiber *f)
{
	f->run_next = NULL;
	*w->run_tail = f;
	w->run_tail = &f->run_next;
}

/* Inline, so that a fiber's end does it without a call: see switch_start. */
static inline void
park(struct worker *w)
{
	struct fiber *next = NULL;

	if (w->budget > 0 && (next = run_queue_take(w)) != NULL)
		w->budget--;
	if (next != w->current)
		resume(w, next);
}

void
sched_park(struct worker *w)
{
	park(w);
}

int
sched_sleep(struct fiber *f, int64_t deadline)
{
	struct worker *w = f->waiter.worker;

	f->trimmed = 0;
	f->parked_at = w->now;
	w->tend_wanted = 1;
	if (deadline != CLOCK_NEVER)
		timer_arm(&w->timers, &f->timer, deadline);
	sched_park(w);
	if (f->timer.place != 0)
		timer_disarm(&w->timers, &f->timer);
	if (f->waiter.error == 0)
		return 0;
	errno = f->waiter.error;
	return -1;
}

void
sched_run(struct worker *w)
{
	struct fiber *next;

	while (w->budget > 0 && (next = run_queue_take(w)) != NULL) {
		w->budget--;
		resume(w, next);
	}
}

static void
unlink_fiber(struct worker *w, struct fiber *f)
{
	if (w->tend_next == f)
		w->tend_next = f->next;
	if (f->prev != NULL)
		f->prev->next = f->next;
	else
		w->fibers = f->next;
	if (f->next != NULL)
		f->next->prev = f->prev;
	w->count--;
	meter_sub(METER_FIBERS, 1);
}

void
sched_tend_stacks(struct worker *w)
{
	struct fiber *f = w->tend_next;
	int left = TENDED_AT_ONCE;

	if (f == NULL) {
		f = w->fibers;
		w->tend_wanted = 0;
	}
	for (; f != NULL && left > 0; f = f->next, left--) {
		if ((f->waiter.ring == NULL && f->joins == NULL) || f->trimmed)
			continue;
		if (w->now - f->parked_at < TRIM_AFTER) {
			w->tend_wanted = 1;
			continue;
		}
#ifndef SWITCH_UCONTEXT
		stack_trim(f->stack, f->context.sp);
#endif
		f->trimmed = 1;
	}
	if ((w->tend_next = f) != NULL)
		w->tend_wanted = 1;
}

/* f, which sleeps in fiber_join, goes on. */
static void
wake_joiner(struct fiber *f, int error)
{
	f->joins->joiner = NULL;
	f->joins = NULL;
	f->waiter.error = error;
	sched_ready(f->waiter.worker, f);
}

/* Where a fiber's stack begins. */
static void
fiber_entry(void *arg)
{
	struct fiber *f = arg;
	struct worker *w = f->waiter.worker;

	sanitize_enter(&f->sanitize, w->left);
	bury(w);
	f->main(f->arg);
	unlink_fiber(w, f);
	/* Whoever runs next buries us first, so the joiner finds us ended. */
	w->dead = f;
	if (f->joiner != NULL)
		wake_joiner(f->joiner, 0);
	park(w);
	panic("fiber %s ran on after its end", f->name);
}

static void
deliver_wake(struct inbox_item *item)
{
	struct fiber *f = (struct fiber *)(void *)item;

	sched_ready(f->waiter.worker, f);
}

static void
deliver_cancel(struct inbox_item *item)
{
	struct fiber *f =
	    (struct fiber *)(void *)((char *)item -
				     offsetof(struct fiber, cancel_item));

	f->cancel = CANCEL_DELIVERED;
	sched_cancel(f);
}

/* The library's own: compilers make `rep stos` of it, which takes longer than
 * all the rest of a fiber's start. */
static void *(*const volatile clear)(void *, int, size_t) = memset;

struct fiber *
fiber_start(const char *name, void (*main)(void *), void *arg)
{
	struct worker *w = sched_worker();
	struct stack *s;
	struct fiber *f;
	char *top;

	if (w == NULL)
		panic("a fiber can only be made on a worker");
	if ((w->count >= w->timers.room &&
		timer_reserve(&w->timers, w->count + 1) == -1) ||
	    (s = stack_get(&w->stacks)) == NULL)
		return NULL;
	top = (char *)s->bottom + s->size - sizeof(*f);
	top -= (uintptr_t)top % 64;
	f = clear(top, 0, sizeof(*f));
	f->stack = s;
	f->waiter.worker = w;
	f->waiter.item.deliver = deliver_wake;
	f->cancel_item.deliver = deliver_cancel;
	atomic_init(&f->cancel, w->stopping ? CANCEL_DELIVERED : CANCEL_NONE);
	sanitize_atomic(&f->cancel, sizeof(f->cancel));
	f->joinable = 1;
	f->main = main;
	f->arg = arg;
	ring_init(&f->ring);
	memcpy(f->name, name, strnlen(name, sizeof(f->name) - 1));
	switch_prepare(&f->context, s->bottom,
	    (size_t)(top - (char *)s->bottom), fiber_entry, f);
	sanitize_create(
	    &f->sanitize, s->bottom, (size_t)(top - (char *)s->bottom));
	if ((f->next = w->fibers) != NULL)
		f->next->prev = f;
	w->fibers = f;
	w->count++;
	meter_add(METER_FIBERS, 1);
	sched_ready(w, f);
	return f;
}

int
fiber_spawn(const char *name, void (*main)(void *), void *arg)
{
	struct fiber *f = fiber_start(name, main, arg);

	if (f == NULL)
		return -1;
	f->joinable = 0;
	return 0;
}

int
fiber_join(struct fiber **f, int64_t deadline)
{
	struct fiber *other = *f, *self = fiber_self();

	if (self == NULL || other->waiter.worker != self->waiter.worker)
		panic(
		    "fiber %s can only be joined by its worker's", other->name);
	while (!other->ended) {
		if (sched_cancelled(self)) {
			errno = ECANCELED;
			return -1;
		}
		other->joiner = self;
		self->joins = other;
		if (sched_sleep(self, deadline) == -1)
			return -1;
	}
	/* A cancellation from another thread may still be on its way here. */
	while (other->cancel == CANCEL_POSTED)
		fiber_yield();
	stack_put(&self->waiter.worker->stacks, other->stack);
	*f = NULL;
	return 0;
}

void
fiber_cancel(struct fiber *f)
{
	int none = CANCEL_NONE;

	if (!atomic_compare_exchange_strong(&f->cancel, &none, CANCEL_POSTED))
		return;
	if (f->waiter.worker == sched_worker())
		deliver_cancel(&f->cancel_item);
	else
		sched_post(f->waiter.worker, &f->cancel_item);
}

/* Ends f's wait, unless something else has done so just now. */
static void
end_wait(struct fiber *f, int error)
{
	struct ring *r = f->waiter.ring;
	int claimed;

	if (f->joins != NULL) {
		wake_joiner(f, error);
		return;
	}
	if (r == NULL)
		return;
	ring_lock(r);
	if ((claimed = r->waiter == &f->waiter))
		r->waiter = NULL;
	ring_unlock(r);
	if (claimed)
		sched_wake(&f->waiter, error);
}

void
sched_cancel(struct fiber *f)
{
	if (!f->ended && f->shield == 0)
		end_wait(f, ECANCELED);
}

void
sched_timeout(struct timer *t)
{
	struct fiber *f =
	    (struct fiber *)(void *)((char *)t - offsetof(struct fiber, timer));

	end_wait(f, ETIMEDOUT);
}

int
fiber_cancelled(void)
{
	struct fiber *f = fiber_self();

	return f != NULL && sched_cancelled(f);
}

void
fiber_shield(int on)
{
	struct fiber *f = fiber_self();

	if (f == NULL)
		return;
	f->shield += on ? 1 : -1;
	if (f->shield < 0)
		panic("fiber %s: more shields off than on", f->name);
}

void
fiber_yield(void)
{
	struct worker *w = sched_worker();

	if (w == NULL || w->current == NULL)
		return;
	sched_ready(w, w->current);
	park(w);
}

void
sched_be_fair(struct worker *w)
{
	/* The clock costs more than the count. */
	if (++w->io_calls % 16 != 0 || clock_now() - w->now < SLICE)
		return;
	w->budget = 0;
	fiber_yield();
}

void *
fiber_local(enum fiber_key key)
{
	return fiber_self()->locals[key];
}

void
fiber_set_local(enum fiber_key key, void *value)
{
	fiber_self()->locals[key] = value;
}

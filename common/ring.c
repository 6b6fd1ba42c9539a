#include "ring.h"

#include "clock.h"
#include "log.h"
#include "sched.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Descriptors that a kernel thread can wait for at once. */
enum { POLL_MAX = 64 };

/* A kernel thread's own ring and waiter, made when it first waits. */
struct thread {
	struct waiter waiter;
	struct ring ring;
};

static pthread_key_t thread_key;
static pthread_once_t thread_once = PTHREAD_ONCE_INIT;

static void
thread_free(void *arg)
{
	struct thread *t = arg;

	close(t->waiter.doorbell);
	free(t);
}

static void
thread_key_make(void)
{
	if (pthread_key_create(&thread_key, thread_free) != 0)
		panic("no key for the rings of threads");
	sanitize_release(&thread_once);
}

static struct thread *
thread_self(void)
{
	struct thread *t;

	pthread_once(&thread_once, thread_key_make);
	sanitize_acquire(&thread_once);
	if ((t = pthread_getspecific(thread_key)) != NULL)
		return t;
	if ((t = calloc(1, sizeof(*t))) == NULL)
		panic("no memory for a thread's ring");
	t->waiter.doorbell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (t->waiter.doorbell == -1)
		panic("no descriptor for a thread's ring");
	ring_init(&t->ring);
	pthread_setspecific(thread_key, t);
	return t;
}

void
ring_init(struct ring *r)
{
	atomic_flag_clear_explicit(&r->lock, memory_order_relaxed);
	sanitize_atomic(&r->lock, sizeof(r->lock));
	r->notified = 0;
	r->waiter = NULL;
}

struct ring *
ring_self(void)
{
	struct fiber *f = fiber_self();

	return f ? &f->ring : &thread_self()->ring;
}

struct waiter *
sched_waiter(void)
{
	struct fiber *f = fiber_self();

	return f ? &f->waiter : &thread_self()->waiter;
}

void
ring_lock(struct ring *r)
{
	int spins = 0;

	/* The holder may have lost its core: after a while, let it run. */
	while (
	    atomic_flag_test_and_set_explicit(&r->lock, memory_order_acquire))
		if (++spins % 64 == 0)
			sched_yield();
	sanitize_acquire(r);
}

void
ring_unlock(struct ring *r)
{
	sanitize_release(r);
	atomic_flag_clear_explicit(&r->lock, memory_order_release);
}

struct waiter *
ring_claim(struct ring *r)
{
	struct waiter *w = r->waiter;

	r->waiter = NULL;
	if (w == NULL)
		r->notified = 1;
	return w;
}

void
sched_wake(struct waiter *waiter, int error)
{
	static const uint64_t one = 1;

	waiter->error = error;
	if (waiter->worker == NULL) {
		sanitize_release(waiter);
		if (write(waiter->doorbell, &one, sizeof(one)) == -1 &&
		    errno != EAGAIN)
			panic("a thread's doorbell: errno %d", errno);
	} else if (waiter->worker == sched_worker()) {
		waiter->item.deliver(&waiter->item);
	} else {
		sched_post(waiter->worker, &waiter->item);
	}
}

void
ring_notify(struct ring *r)
{
	struct waiter *w;

	ring_lock(r);
	w = ring_claim(r);
	ring_unlock(r);
	if (w != NULL)
		sched_wake(w, 0);
}

/*
 * Puts the waiter to bed: 1 if it must sleep, 0 if a notification was waiting.
 */
static int
lie_down(struct ring *r, struct waiter *w)
{
	int asleep;

	ring_lock(r);
	if (r->waiter != NULL)
		panic("a second waiter on one ring");
	if ((asleep = !r->notified))
		r->waiter = w;
	r->notified = 0;
	ring_unlock(r);
	return asleep;
}

/* A kernel thread sleeps in poll(2), on its doorbell and n descriptors. */
int
ring_poll_thread(
    struct ring *r, struct pollfd *fds, unsigned n, int64_t deadline)
{
	struct waiter *w = sched_waiter();
	struct pollfd all[POLL_MAX + 1];
	uint64_t rings;
	int64_t left;
	int ready = 0, claimed;
	unsigned i;

	if (n > POLL_MAX) {
		errno = EINVAL;
		return -1;
	}
	for (i = 0; i < n; i++) {
		fds[i].revents = 0;
		all[i] = fds[i];
	}
	if (!lie_down(r, w))
		return 0;
	all[n] = (struct pollfd){.fd = w->doorbell, .events = POLLIN};
	do {
		left = deadline == CLOCK_NEVER ? -1 : deadline - clock_now();
		if (deadline != CLOCK_NEVER && left < 0)
			left = 0;
		ready = ppoll(all, n + 1,
		    left == -1 ? NULL
			       : &(struct timespec){left / CLOCK_SECOND,
				     left % CLOCK_SECOND},
		    NULL);
	} while (ready == -1 && errno == EINTR);
	ring_lock(r);
	if ((claimed = r->waiter == w))
		r->waiter = NULL;
	ring_unlock(r);
	/* Claimed by a notifier: its ring of the doorbell is sure to come. */
	while (!claimed && read(w->doorbell, &rings, sizeof(rings)) == -1)
		poll(&all[n], 1, -1);
	sanitize_acquire(w);
	for (i = 0, ready = 0; i < n; i++)
		if ((fds[i].revents = all[i].revents) != 0)
			ready++;
	if (!claimed || ready > 0)
		return ready;
	errno = ETIMEDOUT;
	return -1;
}

int
ring_wait(struct ring *r, int64_t deadline)
{
	struct fiber *f = fiber_self();
	int result;

	if (f == NULL)
		return ring_poll_thread(r, NULL, 0, deadline);
	if (sched_cancelled(f)) {
		errno = ECANCELED;
		return -1;
	}
	if (!lie_down(r, &f->waiter)) {
		sched_be_fair(f->waiter.worker);
		return 0;
	}
	f->waiter.ring = r;
	result = sched_sleep(f, deadline);
	f->waiter.ring = NULL;
	return result;
}

int
ring_sleep(struct ring *r, int64_t deadline)
{
	if (ring_wait(r, deadline) == 0)
		errno = EINTR;
	else if (errno == ETIMEDOUT)
		return 0;
	return -1;
}

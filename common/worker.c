#include "worker.h"

#include "clock.h"
#include "log.h"
#include "meter.h"
#include "ring.h"
#include "sched.h"
#include "worker_fault.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
	EVENTS = 128, /* taken from epoll at once */
	BUDGET = 128  /* switches between two looks at epoll */
};

/* How often stacks that nobody needed are given back, and those trimmed that
 * sleepers stand on. */
#define TEND_EVERY (1 * CLOCK_SECOND)

static struct worker *workers;
static unsigned worker_total;
static _Atomic int stopping;
static _Atomic int stoppers; /* threads inside worker_stop */

int
worker_index(void)
{
	struct worker *w = sched_worker();

	return w ? w->index : -1;
}

unsigned
worker_count(void)
{
	return worker_total;
}

void
sched_post(struct worker *w, struct inbox_item *item)
{
	static const uint64_t one = 1;
	struct inbox_item *head;

	/* Once the item is in, the worker may end: it must await us. */
	atomic_fetch_add(&w->posting, 1);
	head = atomic_load(&w->inbox);
	do {
		item->next = head;
		sanitize_release(&w->inbox);
	} while (!atomic_compare_exchange_weak(&w->inbox, &head, item));
	if (atomic_exchange(&w->sleeping, 0) &&
	    write(w->doorbell, &one, sizeof(one)) == -1)
		panic("a worker's doorbell: errno %d", errno);
	sanitize_release(&w->posting);
	atomic_fetch_sub(&w->posting, 1);
}

/* Delivers what others have posted, oldest first. */
static void
empty_inbox(struct worker *w)
{
	struct inbox_item *item, *next, *oldest = NULL;

	if (atomic_load_explicit(&w->inbox, memory_order_relaxed) == NULL)
		return;
	item = atomic_exchange(&w->inbox, NULL);
	sanitize_acquire(&w->inbox);
	for (; item; item = next) {
		next = item->next;
		item->next = oldest;
		oldest = item;
	}
	for (item = oldest; item; item = next) {
		next = item->next;
		item->deliver(item);
	}
}

static void
cancel_all(struct worker *w)
{
	struct fiber *f, *next;

	w->stopping = 1;
	for (f = w->fibers; f != NULL; f = next) {
		next = f->next;
		fiber_cancel(f);
	}
}

/* How long epoll may sleep, in ms, rounded up so as not to wake too early. */
static int
sleep_time(struct worker *w)
{
	int64_t next = timer_next(&w->timers), left;

	if (w->run_head != NULL)
		return 0;
	if ((w->stacks.idle > 0 || w->tend_wanted) && next > w->tend_at)
		next = w->tend_at;
	if (next == CLOCK_NEVER)
		return -1;
	left = (next - clock_now() + CLOCK_MILLISECOND - 1) / CLOCK_MILLISECOND;
	if (left < 0)
		return 0;
	return left > 3600000 ? 3600000 : (int)left;
}

/* Looks at the descriptors, sleeping if there is nothing else to do. */
static void
take_events(struct worker *w)
{
	struct epoll_event events[EVENTS];
	int timeout = sleep_time(w), n, i;

	if (timeout != 0) {
		atomic_store(&w->sleeping, 1);
		/* Posted before that store: the sender saw us awake. */
		if (atomic_load(&w->inbox) != NULL ||
		    atomic_load(&stopping) != w->stopping)
			timeout = 0;
	}
	n = epoll_wait(w->epoll, events, EVENTS, timeout);
	atomic_store_explicit(&w->sleeping, 0, memory_order_relaxed);
	if (n == -1 && errno != EINTR)
		panic("epoll_wait: errno %d", errno);
	for (i = 0; i < n; i++) {
		struct watch *watch = events[i].data.ptr;

		if (watch == NULL) /* the doorbell: edge-triggered, not read */
			continue;
		sched_events(watch, events[i].events);
	}
}

static void
take_timers(struct worker *w)
{
	struct timer *t;

	w->now = clock_now();
	while ((t = timer_expire(&w->timers, w->now)) != NULL)
		sched_timeout(t);
	if (w->now >= w->tend_at) {
		stack_shrink(&w->stacks, 0);
		sched_tend_stacks(w);
		w->tend_at = w->now + TEND_EVERY;
	}
}

static void
schedule(struct worker *w)
{
	while (!w->stopping || w->count > 0) {
		if (atomic_load(&stopping) && !w->stopping)
			cancel_all(w);
		empty_inbox(w);
		w->budget = BUDGET;
		sched_run(w);
		if (w->stopping && w->count == 0)
			break;
		take_events(w);
		take_timers(w);
	}
}

static int
open_worker(struct worker *w, int index)
{
	struct epoll_event e = {.events = EPOLLIN | EPOLLET};

	sanitize_atomic(&w->inbox, sizeof(w->inbox));
	sanitize_atomic(&w->sleeping, sizeof(w->sleeping));
	sanitize_atomic(&w->posting, sizeof(w->posting));
	w->index = index;
	if ((w->fault_stack = malloc(WORKER_FAULT_STACK)) == NULL)
		return -1;
	w->run_tail = &w->run_head;
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	w->doorbell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->epoll == -1 || w->doorbell == -1)
		return -1;
	return epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->doorbell, &e);
}

static void
close_worker(struct worker *w)
{
	while (atomic_load(&w->posting) > 0)
		sched_yield();
	sanitize_acquire(&w->posting);
	if (w->epoll != -1)
		close(w->epoll);
	if (w->doorbell != -1)
		close(w->doorbell);
	timer_free(&w->timers);
	free(w->fault_stack);
	stack_shrink(&w->stacks, 1);
}

/* Where new threads wait until all are there, or it is known that some never
 * will be. */
struct gate {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	enum { GATE_SHUT, GATE_OPEN, GATE_CANCELLED } state;
};

struct start {
	struct worker *worker;
	struct gate *gate;
	void (*main)(void *);
	void *arg;
};

static int
gate_is_open(struct gate *g)
{
	int is_open;

	pthread_mutex_lock(&g->lock);
	while (g->state == GATE_SHUT)
		pthread_cond_wait(&g->changed, &g->lock);
	is_open = g->state == GATE_OPEN;
	pthread_mutex_unlock(&g->lock);
	return is_open;
}

static void
gate_decide(struct gate *g, int all_there)
{
	pthread_mutex_lock(&g->lock);
	g->state = all_there ? GATE_OPEN : GATE_CANCELLED;
	pthread_cond_broadcast(&g->changed);
	pthread_mutex_unlock(&g->lock);
}

static void *
run(void *arg)
{
	struct start *s = arg;
	struct worker *w = s->worker;

	if (!gate_is_open(s->gate))
		return NULL;
	sched_worker_here = w;
	meter_thread((unsigned)w->index);
	sanitize_adopt(&w->sanitize);
	if (worker_fault_enter(w->fault_stack) == -1)
		log_warn("overflow.unwatched", log_errno(errno));
	w->now = clock_now();
	w->tend_at = w->now + TEND_EVERY;
	if (fiber_spawn("main", s->main, s->arg) == -1)
		panic("no memory for a worker's first fiber");
	schedule(w);
	worker_fault_leave();
	while (w->buffers != NULL) {
		void *next = *(void **)w->buffers;

		free(w->buffers);
		w->buffers = next;
	}
	sched_worker_here = NULL;
	return NULL;
}

static unsigned
cores(void)
{
	cpu_set_t set;
	int n;

	if (sched_getaffinity(0, sizeof(set), &set) == -1)
		return 1;
	n = CPU_COUNT(&set);
	return n > WORKER_MAX ? WORKER_MAX : (unsigned)n;
}

/*
 * Runs worker 0 here and the others in threads of their own, with all signals
 * blocked but those of faults, until all have ended.  -1 with errno: not all
 * could be started, and none has run.
 */
static int
run_all(struct start *starts, unsigned n)
{
	pthread_t threads[WORKER_MAX];
	sigset_t most, before;
	unsigned started;
	int error = 0;

	sigfillset(&most);
	worker_fault_spare(&most);
	pthread_sigmask(SIG_SETMASK, &most, &before);
	for (started = 1; started < n && error == 0; started += error == 0)
		error = pthread_create(
		    &threads[started], NULL, run, &starts[started]);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	gate_decide(starts[0].gate, error == 0);
	run(&starts[0]);
	for (unsigned i = 1; i < started; i++)
		pthread_join(threads[i], NULL);
	errno = error;
	return error == 0 ? 0 : -1;
}

int
worker_run(unsigned count, void (*main)(void *), void *arg)
{
	unsigned n = count ? count : cores(), i;
	struct start starts[WORKER_MAX];
	struct gate gate = {
	    PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, GATE_SHUT};
	int result = -1, error;

	if (n > WORKER_MAX) {
		errno = EINVAL;
		return -1;
	}
	if ((workers = calloc(n, sizeof(*workers))) == NULL)
		return -1;
	sanitize_atomic(&stopping, sizeof(stopping));
	sanitize_atomic(&stoppers, sizeof(stoppers));
	log_set_fiber_name(fiber_name);
	if (worker_fault_begin() == -1)
		log_warn("overflow.unwatched", log_errno(errno));
	stopping = 0;
	worker_total = n;
	for (i = 0; i < n; i++)
		workers[i].epoll = workers[i].doorbell = -1;
	for (i = 0; i < n; i++) {
		starts[i] = (struct start){&workers[i], &gate, main, arg};
		if (open_worker(&workers[i], (int)i) == -1)
			goto out;
	}
	result = run_all(starts, n);
out:
	error = errno;
	while (atomic_load(&stoppers) > 0)
		sched_yield();
	sanitize_acquire(&stoppers);
	for (i = 0; i < n; i++)
		close_worker(&workers[i]);
	free(workers);
	workers = NULL;
	worker_total = 0;
	errno = error;
	return result;
}

void
worker_stop(void)
{
	static const uint64_t one = 1;
	unsigned i;

	/* All may have ended before the last doorbell is rung. */
	atomic_fetch_add(&stoppers, 1);
	atomic_store(&stopping, 1);
	for (i = 0; i < worker_total; i++)
		if (write(workers[i].doorbell, &one, sizeof(one)) == -1)
			panic("a worker's doorbell: errno %d", errno);
	sanitize_release(&stoppers);
	atomic_fetch_sub(&stoppers, 1);
}

int
worker_is_stopping(void)
{
	return atomic_load_explicit(&stopping, memory_order_relaxed);
}

int
worker_signal(const sigset_t *set, int64_t deadline)
{
	struct signalfd_siginfo info;
	int fd, result = -1;
	struct pollfd p;

	if ((fd = signalfd(-1, set, SFD_NONBLOCK | SFD_CLOEXEC)) == -1)
		return -1;
	p = (struct pollfd){.fd = fd, .events = POLLIN};
	while (read(fd, &info, sizeof(info)) != sizeof(info))
		if (ring_poll(ring_self(), &p, 1, deadline) == -1)
			goto out;
	result = (int)info.ssi_signo;
out:
	close(fd);
	return result;
}

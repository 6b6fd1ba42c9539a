#include "tls_offload.h"

#include "clock.h"
#include "fiber.h"
#include "log.h"
#include "meter.h"
#include "worker.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Handshakes that wait to be seen by the partner, which is a moment. */
#define CAPACITY 1024
/* Those that have not begun, for each partner, from which on it is busy: some
 * ten milliseconds of its time. */
#define BUSY 32

/* The priority of partners, and how long each computes at a time, ns. */
#define NICE  8
#define SLICE (CLOCK_MILLISECOND / 10)

struct job {
	struct message message; /* must stay first */
	void (*main)(void *);	/* NULL: there will be no more */
	void *arg;
	int error; /* errno where it did not run */
};

struct partner {
	struct ring ring;
	struct port port;
	struct job last; /* sent by tls_offload_end */
};

static struct partner *partners;
static unsigned count;
static _Atomic unsigned waiting; /* for all partners to begin with them */

int
tls_offload_begin(unsigned workers)
{
	partners = calloc(workers, sizeof(*partners));
	if (partners == NULL)
		return -1;
	count = workers;
	for (unsigned i = 0; i < count; i++) {
		ring_init(&partners[i].ring);
		port_init(&partners[i].port, &partners[i].ring, CAPACITY);
	}
	return 0;
}

void
tls_offload_free(void)
{
	free(partners);
	partners = NULL;
	count = 0;
}

int
tls_offload_is_partner(void)
{
	return count > 0 && worker_index() >= (int)count;
}

int
tls_offload_is_there(void)
{
	return worker_index() >= 0 && worker_index() < (int)count;
}

static void
add_waiting(int n)
{
	atomic_fetch_add_explicit(&waiting, (unsigned)n, memory_order_relaxed);
	meter_add(METER_HANDSHAKES, (uint64_t)n);
}

static void
job_main(void *arg)
{
	struct job *job = arg;

	add_waiting(-1);
	job->main(job->arg);
	port_reply(&job->message);
}

/* 1: that was the last one. */
static int
take_jobs(struct partner *p)
{
	struct message *m;
	struct job *job;

	while ((m = port_receive(&p->port)) != NULL) {
		job = (struct job *)(void *)m;
		if (job->main == NULL)
			return 1;
		if (fiber_spawn("handshake", job_main, job) == -1) {
			add_waiting(-1);
			job->error = ENOMEM;
			port_reply(m);
		}
	}
	return 0;
}

/* sched_setattr(2), whose struct the library has not. */
struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

/*
 * Whoever else wakes up on this core goes first: those that serve, and the
 * helpers.  Since Linux 6.12 the slice counts, after which that is looked at;
 * three milliseconds, else.
 */
static void
give_way(void)
{
	const struct attributes a = {.size = sizeof(a),
	    .policy = SCHED_OTHER,
	    .nice = NICE,
	    .runtime = SLICE};

	if (syscall(SYS_sched_setattr, 0, &a, 0) == -1)
		log_debug("handshakes.priority", log_errno(errno));
}

void
tls_offload_serve(void)
{
	struct partner *p = &partners[worker_index() - (int)count];

	give_way();
	/* Sessions that end with the process still wait for an answer. */
	fiber_shield(1);
	while (!take_jobs(p))
		ring_wait(&p->ring, CLOCK_NEVER);
	fiber_shield(0);
}

void
tls_offload_end(void)
{
	struct partner *p;

	if (!tls_offload_is_there())
		return;
	p = &partners[worker_index()];
	fiber_shield(1);
	port_send(&p->port, &p->last.message, CLOCK_NEVER);
	fiber_shield(0);
}

int
tls_offload_is_busy(void)
{
	return atomic_load_explicit(&waiting, memory_order_relaxed) >
	       BUSY * count;
}

int
tls_offload_call(void (*main)(void *), void *arg, int64_t deadline)
{
	struct job job = {.main = main, .arg = arg};

	add_waiting(1);
	if (port_call(&partners[worker_index()].port, &job.message, deadline) ==
	    -1) {
		add_waiting(-1);
		return -1;
	}
	errno = job.error;
	return job.error == 0 ? 0 : -1;
}

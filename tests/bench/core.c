/*
 * core -- what fibers, rings and ports cost, each beside its peer, the two
 * measured in turns.  Prints a row a figure: the median of ours, of the peer's,
 * of their ratio, and what is asked of the ratio or of ours.
 *
 *	core [ROUNDS [WORDS]]		only rows whose text has WORDS in it
 */
#include "core.h"

#include "clock.h"
#include "fiber.h"
#include "port.h"
#include "ring.h"
#include "switch.h"
#include "worker.h"

#include <pthread.h>
#include <st.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

enum { ROUNDS_MAX = 101 };

static int rounds = 7;
static const char *only = "";

/* ---- what is measured: each returns ns a step ---- */

static void
nothing(void *arg)
{
	++*(int *)arg;
}

static double
fiber_life(void)
{
	enum { N = 200000 };
	int64_t start = clock_now();
	int ran = 0, i;

	for (i = 0; i < N; i++) {
		struct fiber *f = fiber_start("life", nothing, &ran);

		fiber_join(&f, CLOCK_NEVER);
	}
	if (ran != N)
		abort();
	return (double)(clock_now() - start) / N;
}

static void *
thread_nothing(void *arg)
{
	nothing(arg);
	return NULL;
}

static double
pthread_life(void)
{
	enum { N = 2000 };
	int64_t start = clock_now();
	int ran = 0, i;

	for (i = 0; i < N; i++) {
		pthread_t t;

		if (pthread_create(&t, NULL, thread_nothing, &ran) != 0)
			abort();
		pthread_join(t, NULL);
	}
	return (double)(clock_now() - start) / N;
}

static double
state_threads_life(void)
{
	enum { N = 50000 };
	int64_t start = clock_now();
	int ran = 0, i;

	for (i = 0; i < N; i++) {
		st_thread_t t = st_thread_create(thread_nothing, &ran, 1, 0);

		if (t == NULL)
			abort();
		st_thread_join(t, NULL);
	}
	return (double)(clock_now() - start) / N;
}

enum { SWITCHES = 1000000 };

static void
yield_often(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < SWITCHES; i++)
		fiber_yield();
}

static double
fiber_switch(void)
{
	struct fiber *f = fiber_start("yields", yield_often, NULL);
	int64_t start = clock_now();

	yield_often(NULL);
	fiber_join(&f, CLOCK_NEVER);
	return (double)(clock_now() - start) / SWITCHES / 2;
}

/* The switch alone, as Boost.Context's: no run queue, no look at descriptors.
 */
static struct context one, other;

static void
switch_for_ever(void *arg)
{
	(void)arg;
	for (;;)
		switch_context(&other, &one);
}

static double
bare_switch(void)
{
	static char stack[65536];
	int64_t start;
	int i;

	switch_prepare(&other, stack, sizeof(stack), switch_for_ever, NULL);
	start = clock_now();
	for (i = 0; i < SWITCHES; i++)
		switch_context(&one, &other);
	return (double)(clock_now() - start) / SWITCHES / 2;
}

static ucontext_t here, there;

static void
swap_for_ever(void)
{
	for (;;)
		swapcontext(&there, &here);
}

static double
ucontext_switch(void)
{
	static char stack[65536];
	int64_t start;
	int i;

	getcontext(&there);
	there.uc_stack.ss_sp = stack;
	there.uc_stack.ss_size = sizeof(stack);
	makecontext(&there, swap_for_ever, 0);
	start = clock_now();
	for (i = 0; i < SWITCHES / 5; i++)
		swapcontext(&here, &there);
	return (double)(clock_now() - start) / (SWITCHES / 5) / 2;
}

/* ---- request and reply ---- */

static struct ring service_ring;
static struct port service;
static _Atomic int service_ends;

static void
serve(void *arg)
{
	struct message *m;

	(void)arg;
	while (!service_ends) {
		while ((m = port_receive(&service)) != NULL)
			port_reply(m);
		ring_wait(&service_ring, CLOCK_NEVER);
	}
}

static double
ask(int n)
{
	struct message m;
	int64_t start = clock_now();
	int i;

	for (i = 0; i < n; i++)
		if (port_call(&service, &m, CLOCK_NEVER) == -1)
			abort();
	return (double)(clock_now() - start) / n;
}

static double
call_same_worker(void)
{
	struct fiber *f;
	double ns;

	service_ends = 0;
	f = fiber_start("service", serve, NULL);
	ns = ask(300000);
	service_ends = 1;
	ring_notify(&service_ring);
	fiber_join(&f, CLOCK_NEVER);
	return ns;
}

/* Worker 1 serves when told to. */
static struct ring other_ring;
static _Atomic int other_runs, other_ends;

static void
other_worker(void)
{
	while (!other_ends) {
		ring_wait(&other_ring, CLOCK_NEVER);
		if (other_runs) {
			serve(NULL);
			other_runs = 0;
		}
	}
}

static double
call_other_worker(void)
{
	double ns;

	service_ends = 0;
	other_runs = 1;
	ring_notify(&other_ring);
	ns = ask(50000);
	service_ends = 1;
	ring_notify(&service_ring);
	while (other_runs)
		fiber_yield();
	return ns;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int turn;

static void
take_turns(int mine, int n)
{
	int i;

	pthread_mutex_lock(&lock);
	for (i = 0; i < n; i++) {
		while (turn != mine)
			pthread_cond_wait(&changed, &lock);
		turn = !mine;
		pthread_cond_signal(&changed);
	}
	pthread_mutex_unlock(&lock);
}

enum { TURNS = 20000 };

static void *
other_thread(void *arg)
{
	(void)arg;
	take_turns(1, TURNS);
	return NULL;
}

static double
call_kernel_threads(void)
{
	pthread_t t;
	int64_t start = clock_now();

	turn = 0;
	if (pthread_create(&t, NULL, other_thread, NULL) != 0)
		abort();
	take_turns(0, TURNS);
	pthread_join(t, NULL);
	return (double)(clock_now() - start) / TURNS;
}

/* ---- a hundred thousand waiters ---- */

static void
wait_for_ever(void *arg)
{
	(void)arg;
	while (ring_wait(ring_self(), CLOCK_NEVER) == 0)
		;
}

/* How much memory the process has, KiB. */
static double
memory(void)
{
	FILE *f = fopen("/proc/self/smaps_rollup", "r");
	char line[256];
	double kib = 0;

	if (f == NULL)
		return 0;
	while (kib == 0 && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "Pss:", 4) == 0)
			kib = strtod(line + 4, NULL);
	fclose(f);
	return kib;
}

enum { WAITERS = 100000 };
static double first_kib; /* of one, before any was cached */
static size_t fibers_before;

static double
cancel_waiters(void)
{
	struct fiber **f = calloc(WAITERS, sizeof(*f));
	double before = memory();
	int64_t start;
	int i;

	if (f == NULL)
		abort();
	for (i = 0; i < WAITERS; i++)
		if ((f[i] = fiber_start("waits", wait_for_ever, NULL)) == NULL)
			abort();
	fiber_yield();
	if (first_kib == 0)
		first_kib = (memory() - before) / WAITERS;
	start = clock_now();
	for (i = 0; i < WAITERS; i++)
		fiber_cancel(f[i]);
	for (i = 0; i < WAITERS; i++)
		fiber_join(&f[i], CLOCK_NEVER);
	free(f);
	if (fiber_count() != fibers_before)
		abort();
	return (double)(clock_now() - start);
}

/* ---- rows ---- */

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *figures)
{
	qsort(figures, (size_t)rounds, sizeof(*figures), compare);
	return figures[rounds / 2];
}

static void
row(const char *what, double (*ours)(void), double (*peer)(void),
    const char *asked)
{
	double a[ROUNDS_MAX], b[ROUNDS_MAX], ratio[ROUNDS_MAX];
	int i;

	if (strstr(what, only) == NULL)
		return;
	for (i = 0; i < rounds; i++) {
		a[i] = ours();
		b[i] = peer();
		ratio[i] = b[i] / a[i];
	}
	printf("| %s | %.1f ns | %.1f ns | %.2f | %s |\n", what, median(a),
	    median(b), median(ratio), asked);
	fflush(stdout);
}

static void
row_cancel(void)
{
	double ns[ROUNDS_MAX];
	int i;

	if (strstr("parked waiters", only) == NULL)
		return;
	for (i = 0; i < rounds; i++)
		ns[i] = cancel_waiters();
	printf("| 100,000 parked waiters: all cancelled and joined | %.0f ms | "
	       "| | under 1 s, none left |\n",
	    median(ns) / 1e6);
	printf("| the same: memory for one of the first 100,000 | %.2f KiB | "
	       "| | |\n",
	    first_kib);
}

static void
measure_all(void)
{
	row("fiber: create, run, exit; pthread create and join", fiber_life,
	    pthread_life, "500");
	row("the same; State Threads", fiber_life, state_threads_life, "1");
	row("the same; Boost.Context, pooled stacks", fiber_life, boost_life,
	    "1");
	row("switch through the run queue; ucontext", fiber_switch,
	    ucontext_switch, "ours under 30 ns");
	row("switch alone, without the run queue; Boost.Context", bare_switch,
	    boost_switch, "1");
	row("switch through the run queue; Boost.Context alone", fiber_switch,
	    boost_switch, "");
	row("request and reply, one worker; two kernel threads, mutex and "
	    "condition",
	    call_same_worker, call_kernel_threads, "50");
	row("request and reply, two workers; two kernel threads",
	    call_other_worker, call_kernel_threads, "1");
	row("request and reply to a process, 1 in flight; raw socket",
	    helper_call_one, raw_call, "");
	row("request and reply to a process, 64 in flight; 1 in flight",
	    helper_call_many, helper_call_one, "5");
}

static void
measure(void *arg)
{
	(void)arg;
	if (worker_index() == 1) {
		other_worker();
		return;
	}
	fibers_before = fiber_count();
	row_cancel();
	helper_open();
	measure_all();
	helper_close();
	other_ends = 1;
	ring_notify(&other_ring);
	worker_stop();
}

int
main(int argc, char **argv)
{
	if (argc > 1)
		rounds = (int)strtol(argv[1], NULL, 10);
	if (argc > 2)
		only = argv[2];
	if (rounds < 1 || rounds > ROUNDS_MAX) {
		fprintf(stderr, "usage: core [rounds, 1 to %d [words]]\n",
		    ROUNDS_MAX);
		return 2;
	}
	ring_init(&service_ring);
	port_init(&service, &service_ring, 64);
	ring_init(&other_ring);
	if (helper_start() == -1 || st_init() == -1 ||
	    worker_run(2, measure, NULL) == -1) {
		perror("core");
		return 1;
	}
	helper_stop();
	return 0;
}

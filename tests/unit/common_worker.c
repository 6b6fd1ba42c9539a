/* Workers: how many, signals, deadlines in numbers, how they end. */

#include "clock.h"
#include "fiber.h"
#include "ring.h"
#include "sanitize.h"
#include "worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define SOON (5 * CLOCK_SECOND)

static void
nothing(void *arg)
{
	(void)arg;
	worker_stop();
}

static void
test_count_is_bounded(void **state)
{
	(void)state;
	assert_int_equal(worker_run(WORKER_MAX + 1, nothing, NULL), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(worker_index(), -1);
	assert_int_equal(worker_count(), 0);
}

static _Atomic unsigned seen[WORKER_MAX], all_seen;

static void
say_index(void *arg)
{
	(void)arg;
	seen[worker_index()]++;
	if (++all_seen == worker_count())
		worker_stop();
}

static void
test_one_a_core(void **state)
{
	cpu_set_t set;
	int i, cores;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
	cores = CPU_COUNT(&set);
	assert_int_equal(worker_run(0, say_index, NULL), 0);
	assert_int_equal(all_seen, cores);
	for (i = 0; i < cores; i++)
		assert_int_equal(seen[i], 1);
}

/* ---- signals ---- */

static sigset_t set;

static void
wait_for_signals(void *arg)
{
	(void)arg;
	assert_int_equal(
	    worker_signal(&set, clock_after(5 * CLOCK_MILLISECOND)), -1);
	assert_int_equal(errno, ETIMEDOUT);
	assert_int_equal(kill(getpid(), SIGUSR1), 0);
	assert_int_equal(worker_signal(&set, clock_after(SOON)), SIGUSR1);
	assert_int_equal(kill(getpid(), SIGHUP), 0);
	assert_int_equal(worker_signal(&set, clock_after(SOON)), SIGHUP);
	worker_stop();
	assert_int_equal(worker_signal(&set, clock_after(SOON)), -1);
	assert_int_equal(errno, ECANCELED);
}

static void
test_signals(void **state)
{
	sigset_t before;

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGHUP);
	assert_int_equal(sigprocmask(SIG_BLOCK, &set, &before), 0);
	assert_int_equal(worker_run(1, wait_for_signals, NULL), 0);
	assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
}

/* ---- many deadlines ---- */

enum { SLEEPERS = 2000 };

#define APART INT64_C(10000) /* ns between deadlines */

static int64_t last_deadline;
static int woken, early, disordered;

static void
sleep_until(void *arg)
{
	int64_t deadline = *(int64_t *)arg;

	if (ring_sleep(ring_self(), deadline) == 0)
		woken++;
	early += clock_now() < deadline;
	disordered += deadline < last_deadline;
	last_deadline = deadline;
}

static void
sleepers(void *arg)
{
	static int64_t deadlines[SLEEPERS];
	static struct fiber *f[SLEEPERS];
	int64_t start;
	int i;

	(void)arg;
	for (i = 0; i < SLEEPERS; i++) {
		f[i] = fiber_start("sleeper", sleep_until, &deadlines[i]);
		assert_non_null(f[i]);
	}
	start = clock_after(300 * CLOCK_MILLISECOND);
	/* 7919 is prime: each place is taken once, out of order. */
	for (i = 0; i < SLEEPERS; i++)
		deadlines[i] = start + i * 7919 % SLEEPERS * APART;
	fiber_yield();
	/* All sleep: they must wake in the order of their deadlines. */
	while (clock_now() < start + SLEEPERS * APART)
		fiber_yield();
	for (i = 0; i < SLEEPERS; i++)
		assert_int_equal(fiber_join(&f[i], clock_after(SOON)), 0);
	assert_int_equal(woken, SLEEPERS);
	assert_int_equal(early, 0);
	assert_int_equal(disordered, 0);
	worker_stop();
}

static void
test_many_deadlines(void **state)
{
	(void)state;
	assert_int_equal(worker_run(1, sleepers, NULL), 0);
}

/* ---- ends ---- */

static struct ring started;

static void
unwind(void *arg)
{
	assert_int_equal(ring_wait(ring_self(), CLOCK_NEVER), -1);
	assert_int_equal(errno, ECANCELED);
	++*(_Atomic int *)arg;
}

static void *
stop_from_thread(void *arg)
{
	ring_wait(&started, CLOCK_NEVER);
	worker_stop();
	worker_stop();
	return arg;
}

static void
wait_and_end(void *arg)
{
	if (worker_index() == 0)
		ring_notify(&started);
	while (ring_wait(ring_self(), CLOCK_NEVER) == 0)
		;
	assert_int_equal(errno, ECANCELED);
	/* What is made now is cancelled from the start. */
	assert_int_equal(fiber_spawn("late", unwind, arg), 0);
}

static void
test_stop_from_a_thread(void **state)
{
	_Atomic int unwound = 0;
	pthread_t thread;
	int i;

	(void)state;
	for (i = 0; i < 20; i++) {
		ring_init(&started);
		assert_int_equal(
		    pthread_create(&thread, NULL, stop_from_thread, NULL), 0);
		assert_int_equal(worker_run(3, wait_and_end, &unwound), 0);
		pthread_join(thread, NULL);
		assert_int_equal(unwound, 3 * (i + 1));
	}
}

#if !defined(SANITIZE_ASAN) && !defined(SANITIZE_TSAN)
static void
count(void *arg)
{
	++*(_Atomic int *)arg;
	worker_stop();
}

/* Memory ends after some threads: no worker runs, and nothing is left. */
static void
test_threads_run_out(void **state)
{
	struct rlimit before, little;
	_Atomic int ran = 0;
	int fd = dup(0);

	(void)state;
	close(fd);
	getrlimit(RLIMIT_AS, &before);
	little = before;
	/* A checker's own memory counts too: no such limit is known then. */
	if (RUNNING_ON_VALGRIND)
		skip();
	little.rlim_cur = (rlim_t)400 << 20; /* of stacks: 8 MiB each */
	assert_int_equal(setrlimit(RLIMIT_AS, &little), 0);
	errno = 0;
	assert_int_equal(worker_run(WORKER_MAX, count, &ran), -1);
	assert_int_equal(errno, EAGAIN);
	setrlimit(RLIMIT_AS, &before);
	assert_int_equal(ran, 0);
	assert_int_equal(worker_count(), 0);
	assert_int_equal(dup(0), fd);
	close(fd);
	assert_int_equal(worker_run(2, count, &ran), 0);
	assert_in_range(ran, 1, 2);
}
#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count_is_bounded),
		cmocka_unit_test(test_one_a_core),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_many_deadlines),
		cmocka_unit_test(test_stop_from_a_thread),
#if !defined(SANITIZE_ASAN) && !defined(SANITIZE_TSAN)
		cmocka_unit_test(test_threads_run_out),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

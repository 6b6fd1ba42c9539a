/* Calls that run on a worker's partner. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock.h"
#include "fiber.h"
#include "meter_read.h"
#include "tls_offload.h"
#include "worker.h"

#include <errno.h>
#include <stdatomic.h>

#define WORKERS 3
#define CALLS	200
#define WAITING 5

/* What the test does on each worker that serves. */
static void (*serve)(void);
static _Atomic int calls_done, partners_done, running, most_running;

static void
worker_main(void *arg)
{
	(void)arg;
	if (tls_offload_is_partner()) {
		tls_offload_serve();
		atomic_fetch_add(&partners_done, 1);
		return;
	}
	assert_true(tls_offload_is_there());
	serve();
	tls_offload_end();
	worker_stop();
}

/* Calls that wait, as they are counted. */
static uint64_t
queued(void)
{
	uint64_t values[METER_CELLS] = {0};

	for (unsigned i = 0; i < meter_sets(); i++)
		meter_set_sum(meter_at(i), values);
	return values[METER_HANDSHAKES];
}

static void
run(unsigned workers, void (*what)(void))
{
	serve = what;
	calls_done = partners_done = running = most_running = 0;
	assert_int_equal(tls_offload_begin(workers), 0);
	assert_int_equal(worker_run(2 * workers, worker_main, NULL), 0);
	assert_int_equal(partners_done, workers);
	assert_false(tls_offload_is_busy());
	assert_int_equal(queued(), 0);
	tls_offload_free();
}

/* -- what is called */

static void
note_worker(void *arg)
{
	*(int *)arg = worker_index();
	atomic_fetch_add(&calls_done, 1);
}

static void
sleep_a_moment(void *arg)
{
	int now = atomic_fetch_add(&running, 1) + 1;

	(void)arg;
	if (now > most_running)
		most_running = now;
	ring_sleep(ring_self(), clock_after(20 * CLOCK_MILLISECOND));
	atomic_fetch_sub(&running, 1);
	atomic_fetch_add(&calls_done, 1);
}

static void
sleep_until_cancelled(void *arg)
{
	atomic_store((_Atomic int *)arg, 1);
	assert_int_equal(
	    ring_sleep(ring_self(), clock_after(60 * CLOCK_SECOND)), -1);
	assert_int_equal(errno, ECANCELED);
	atomic_fetch_add(&calls_done, 1);
}

/* Keeps its worker for a while, as OpenSSL does. */
static void
compute(void *arg)
{
	int64_t end = clock_after(*(int64_t *)arg);

	while (clock_now() < end)
		;
}

/* Keeps its worker until it is told. */
static void
hold(void *arg)
{
	while (!atomic_load((_Atomic int *)arg))
		;
}

/* -- tests */

static void
call_in_turn(void)
{
	int at;

	for (int i = 0; i < CALLS; i++) {
		at = -1;
		assert_int_equal(tls_offload_call(note_worker, &at,
				     clock_after(10 * CLOCK_SECOND)),
		    0);
		assert_int_equal(at, worker_index() + WORKERS);
	}
	/* The others stop when the first one does. */
	while (calls_done < CALLS * WORKERS && !fiber_cancelled())
		ring_sleep(ring_self(), clock_after(CLOCK_MILLISECOND));
}

static void
each_worker_has_its_partner(void **state)
{
	(void)state;
	run(WORKERS, call_in_turn);
	assert_int_equal(calls_done, WORKERS * CALLS);
}

static void
call_and_sleep(void *arg)
{
	(void)arg;
	assert_int_equal(tls_offload_call(sleep_a_moment, NULL,
			     clock_after(10 * CLOCK_SECOND)),
	    0);
}

static void
call_beside_each_other(void)
{
	struct fiber *fibers[CALLS];

	for (int i = 0; i < CALLS; i++)
		fibers[i] = fiber_start("caller", call_and_sleep, NULL);
	for (int i = 0; i < CALLS; i++)
		fiber_join(&fibers[i], CLOCK_NEVER);
}

static void
calls_wait_beside_each_other(void **state)
{
	(void)state;
	run(1, call_beside_each_other);
	assert_int_equal(calls_done, CALLS);
	assert_true(most_running > 1);
}

static _Atomic int has_begun;

static void
stop_once_begun(void *arg)
{
	(void)arg;
	while (!has_begun)
		fiber_yield();
	worker_stop();
}

static void
call_until_stopped(void)
{
	assert_int_equal(fiber_spawn("stopper", stop_once_begun, NULL), 0);
	/* It ran, to its end. */
	assert_int_equal(
	    tls_offload_call(sleep_until_cancelled, &has_begun, CLOCK_NEVER),
	    0);
	/* And there is no new one for who was cancelled. */
	if (tls_offload_call(note_worker, &(int){0}, CLOCK_NEVER) == -1)
		assert_int_equal(errno, ECANCELED);
}

static void
a_stop_ends_both(void **state)
{
	(void)state;
	has_begun = 0;
	run(1, call_until_stopped);
	assert_true(calls_done >= 1);
}

static void
call_to_compute(void *arg)
{
	int64_t time = 3 * CLOCK_MILLISECOND;

	(void)arg;
	assert_int_equal(tls_offload_call(compute, &time, CLOCK_NEVER), 0);
}

static void
call_too_often(void)
{
	struct fiber *fibers[CALLS];
	int64_t deadline;
	int at = -1;

	assert_false(tls_offload_is_busy());
	for (int i = 0; i < CALLS; i++)
		fibers[i] = fiber_start("caller", call_to_compute, NULL);
	fiber_yield();
	assert_true(tls_offload_is_busy());
	/* Behind all of them: it may begin too late, or not at all. */
	deadline = clock_after(5 * CLOCK_MILLISECOND);
	if (tls_offload_call(note_worker, &at, deadline) == -1)
		assert_int_equal(errno, ETIMEDOUT);
	for (int i = 0; i < CALLS; i++)
		fiber_join(&fibers[i], CLOCK_NEVER);
	assert_false(tls_offload_is_busy());
}

static void
many_make_it_busy(void **state)
{
	(void)state;
	run(1, call_too_often);
}

/* A process that knows nothing of partners. */
static void
find_none(void *arg)
{
	(void)arg;
	assert_false(tls_offload_is_there());
	assert_false(tls_offload_is_partner());
	assert_false(tls_offload_is_busy());
	worker_stop();
}

static void
none_without_begin(void **state)
{
	(void)state;
	assert_int_equal(worker_run(1, find_none, NULL), 0);
}

static _Atomic int is_released;

static void
call_and_hold(void *arg)
{
	(void)arg;
	assert_int_equal(tls_offload_call(hold, &is_released,
			     clock_after(60 * CLOCK_SECOND)),
	    0);
}

/* While the partner is busy, those that follow wait. */
static void
call_behind_one(void)
{
	struct fiber *first = fiber_start("first", call_and_hold, NULL);
	struct fiber *others[WAITING];
	int64_t end = clock_after(30 * CLOCK_SECOND);

	for (int i = 0; i < WAITING; i++)
		others[i] = fiber_start("other", call_and_sleep, NULL);
	while (queued() != WAITING && clock_now() < end)
		ring_sleep(ring_self(), clock_after(CLOCK_MILLISECOND));
	assert_int_equal(queued(), WAITING);
	is_released = 1;
	fiber_join(&first, CLOCK_NEVER);
	for (int i = 0; i < WAITING; i++)
		fiber_join(&others[i], CLOCK_NEVER);
}

static void
waiting_calls_are_counted(void **state)
{
	(void)state;
	run(1, call_behind_one);
	assert_int_equal(calls_done, WAITING);
}

static int
count(void **state)
{
	(void)state;
	if (meter_share(2 * WORKERS) == -1)
		return -1;
	meter_begin(0, 2 * WORKERS, METER_OTHERS_GO);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_worker_has_its_partner),
	    cmocka_unit_test(calls_wait_beside_each_other),
	    cmocka_unit_test(a_stop_ends_both),
	    cmocka_unit_test(many_make_it_busy),
	    cmocka_unit_test(none_without_begin),
	    cmocka_unit_test(waiting_calls_are_counted),
	};

	return cmocka_run_group_tests(tests, count, NULL);
}

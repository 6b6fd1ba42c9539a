/* Fibers, and calls and cancellations across workers and threads. */

#include "clock.h"
#include "fiber.h"
#include "port.h"
#include "ring.h"
#include "sanitize.h"
#include "worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SOON (5 * CLOCK_SECOND)

/* Each test's body runs as the first fiber of one worker. */
static void (*test_body)(void);

static void
first_fiber(void *arg)
{
	(void)arg;
	if (worker_index() == 0) {
		test_body();
		assert_int_equal(fiber_count(), 1);
		worker_stop();
	}
}

static void
run_on(unsigned workers, void (*body)(void))
{
	test_body = body;
	assert_int_equal(worker_run(workers, first_fiber, NULL), 0);
}

/* ---- fibers ---- */

static char order[16];

static void
append(void *arg)
{
	strcat(order, arg);
	fiber_yield();
	strcat(order, arg);
}

static void
in_turn(void)
{
	char first[] = "a", second[] = "b";
	struct fiber *a = fiber_start("a", append, first);
	struct fiber *b = fiber_start("b", append, second);

	assert_non_null(a);
	assert_non_null(b);
	assert_string_equal(order, "");
	assert_int_equal(fiber_join(&a, clock_after(SOON)), 0);
	assert_int_equal(fiber_join(&b, clock_after(SOON)), 0);
	assert_null(a);
	assert_string_equal(order, "abab");
}

static void
test_fibers_run_in_turn(void **state)
{
	(void)state;
	order[0] = '\0';
	run_on(1, in_turn);
}

static void
sleep_for_ever(void *arg)
{
	int *error = arg;

	while (ring_wait(ring_self(), CLOCK_NEVER) == 0)
		;
	*error = errno;
	/* Once cancelled, no wait waits. */
	assert_int_equal(ring_wait(ring_self(), CLOCK_NEVER), -1);
	assert_int_equal(errno, ECANCELED);
}

static void
cancel_parked(void)
{
	int error = 0;
	struct fiber *f = fiber_start("sleeper", sleep_for_ever, &error);

	fiber_yield();
	assert_int_equal(fiber_join(&f, clock_after(0)), -1);
	assert_int_equal(errno, ETIMEDOUT);
	fiber_cancel(f);
	fiber_cancel(f);
	assert_int_equal(fiber_join(&f, clock_after(SOON)), 0);
	assert_int_equal(error, ECANCELED);
}

static void
test_cancel_ends_a_wait(void **state)
{
	(void)state;
	run_on(1, cancel_parked);
}

static void
shielded(void *arg)
{
	int *slept = arg;

	fiber_shield(1);
	*slept = ring_sleep(ring_self(), clock_after(20 * CLOCK_MILLISECOND));
	assert_false(fiber_cancelled());
	fiber_shield(0);
	assert_true(fiber_cancelled());
}

static void
cancel_shielded(void)
{
	int slept = -2;
	struct fiber *f = fiber_start("shielded", shielded, &slept);

	fiber_yield();
	fiber_cancel(f);
	assert_int_equal(fiber_join(&f, clock_after(SOON)), 0);
	assert_int_equal(slept, 0);
}

static void
test_shield_holds_cancellation_off(void **state)
{
	(void)state;
	run_on(1, cancel_shielded);
}

static void
set_and_check(void *arg)
{
	fiber_set_local(FIBER_KEY_TEST, arg);
	fiber_yield();
	assert_ptr_equal(fiber_local(FIBER_KEY_TEST), arg);
	assert_string_equal(fiber_name(), "a name of far too many ");
}

static void
locals(void)
{
	int a, b;

	assert_null(fiber_local(FIBER_KEY_TEST));
	assert_int_equal(
	    fiber_spawn("a name of far too many characters", set_and_check, &a),
	    0);
	assert_int_equal(
	    fiber_spawn("a name of far too many characters", set_and_check, &b),
	    0);
	while (fiber_count() > 1)
		fiber_yield();
}

static void
test_locals_and_names(void **state)
{
	(void)state;
	run_on(1, locals);
}

static void
many_sleepers(void)
{
	enum { MANY = 2000 };
	static int errors[MANY];
	static struct fiber *f[MANY];
	int i;

	for (i = 0; i < MANY; i++) {
		errors[i] = 0;
		f[i] = fiber_start("one of many", sleep_for_ever, &errors[i]);
		assert_non_null(f[i]);
	}
	fiber_yield();
	for (i = 0; i < MANY; i++)
		fiber_cancel(f[i]);
	for (i = 0; i < MANY; i++) {
		assert_int_equal(fiber_join(&f[i], clock_after(SOON)), 0);
		assert_int_equal(errors[i], ECANCELED);
	}
}

static void
test_many_fibers(void **state)
{
	(void)state;
	run_on(1, many_sleepers);
}

static void
stop_with_sleepers(void)
{
	static int error;

	/* Detached, and still asleep when the worker stops: must be ended. */
	assert_int_equal(fiber_spawn("left over", sleep_for_ever, &error), 0);
	fiber_yield();
	worker_stop();
	while (fiber_count() > 1)
		fiber_yield();
	assert_int_equal(error, ECANCELED);
}

static void
test_stop_cancels_all(void **state)
{
	(void)state;
	run_on(1, stop_with_sleepers);
}

/* ---- calls ---- */

struct number {
	struct message message;
	int value;
};

enum { CALLS = 20000, CALLERS = 4 };

static struct ring service_ring;
static struct port service;
static _Atomic int callers_done;

static void
caller_body(void)
{
	struct number n = {.value = 0};
	int i;

	for (i = 0; i < CALLS / CALLERS; i++) {
		n.value = i;
		assert_int_equal(
		    port_call(&service, &n.message, CLOCK_NEVER), 0);
		assert_int_equal(n.value, i + 1);
	}
	callers_done++;
	ring_notify(&service_ring);
}

static void *
caller_thread(void *arg)
{
	(void)arg;
	caller_body();
	return NULL;
}

static void
caller_fiber(void *arg)
{
	(void)arg;
	caller_body();
}

/* Worker 0 answers; fibers of worker 1 and kernel threads ask. */
static void
serve(void *arg)
{
	struct message *m;

	(void)arg;
	if (worker_index() == 1) {
		assert_int_equal(fiber_spawn("caller", caller_fiber, NULL), 0);
		assert_int_equal(fiber_spawn("caller", caller_fiber, NULL), 0);
		return;
	}
	while (callers_done < CALLERS) {
		while ((m = port_receive(&service)) != NULL) {
			((struct number *)(void *)m)->value++;
			assert_int_equal(port_reply(m), 0);
		}
		ring_wait(&service_ring, CLOCK_NEVER);
	}
	worker_stop();
}

static void
test_calls_from_everywhere(void **state)
{
	pthread_t threads[2];
	int i;

	(void)state;
	callers_done = 0;
	ring_init(&service_ring);
	port_init(&service, &service_ring, 1);
	for (i = 0; i < 2; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, caller_thread, NULL), 0);
	assert_int_equal(worker_run(2, serve, NULL), 0);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

/* ---- cancellation from another worker, against notifications ---- */

static struct fiber *_Atomic victims[64];
static _Atomic int ended;

static void
victim(void *arg)
{
	(void)arg;
	while (ring_wait(ring_self(), clock_after(SOON)) == 0)
		;
	assert_int_equal(errno, ECANCELED);
	ended++;
}

static void
cancel_across(void *arg)
{
	struct fiber *mine[64];
	int i;

	(void)arg;
	if (worker_index() == 0) {
		for (i = 0; i < 64; i++)
			victims[i] = mine[i] = fiber_start("v", victim, NULL);
		for (i = 0; i < 64; i++)
			assert_int_equal(
			    fiber_join(&mine[i], clock_after(SOON)), 0);
		worker_stop();
		return;
	}
	for (i = 0; i < 64; i++) {
		while (victims[i] == NULL)
			fiber_yield();
		fiber_cancel(victims[i]);
	}
}

static void
test_cancel_from_another_worker(void **state)
{
	int i;

	(void)state;
	ended = 0;
	for (i = 0; i < 64; i++)
		victims[i] = NULL;
	assert_int_equal(worker_run(2, cancel_across, NULL), 0);
	assert_int_equal(ended, 64);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_fibers_run_in_turn),
	    cmocka_unit_test(test_cancel_ends_a_wait),
	    cmocka_unit_test(test_shield_holds_cancellation_off),
	    cmocka_unit_test(test_locals_and_names),
	    cmocka_unit_test(test_many_fibers),
	    cmocka_unit_test(test_stop_cancels_all),
	    cmocka_unit_test(test_calls_from_everywhere),
	    cmocka_unit_test(test_cancel_from_another_worker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

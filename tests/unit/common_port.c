/* Ports: full, closed, and calls that are given up. */

#include "clock.h"
#include "fiber.h"
#include "port.h"
#include "worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>

#define SOON (5 * CLOCK_SECOND)

static void (*test_body)(void);

static void
first_fiber(void *arg)
{
	(void)arg;
	test_body();
	assert_int_equal(fiber_count(), 1);
	worker_stop();
}

static void
run(void (*body)(void))
{
	test_body = body;
	assert_int_equal(worker_run(1, first_fiber, NULL), 0);
}

/* ---- one that sends or calls, in a fiber of its own ---- */

struct one {
	struct message message; /* must stay first */
	struct fiber *fiber;
	struct port *port;
	int64_t deadline;
	int result, error;
};

static struct ring ring;
static struct port port;

static void
send_main(void *arg)
{
	struct one *o = arg;

	o->result = port_send(o->port, &o->message, o->deadline);
	o->error = errno;
}

static void
call_main(void *arg)
{
	struct one *o = arg;

	o->result = port_call(o->port, &o->message, o->deadline);
	o->error = errno;
}

static void
start(struct one *o, void (*main)(void *), int64_t deadline)
{
	*o = (struct one){.port = &port, .deadline = deadline, .result = -2};
	o->fiber = fiber_start("one", main, o);
	assert_non_null(o->fiber);
	fiber_yield();
}

/* Has it end, and checks how: 0 or errno. */
static void
join(struct one *o, int error)
{
	assert_int_equal(fiber_join(&o->fiber, clock_after(SOON)), 0);
	assert_int_equal(o->result, error == 0 ? 0 : -1);
	if (error != 0)
		assert_int_equal(o->error, error);
}

static void
open_port(unsigned capacity)
{
	ring_init(&ring);
	port_init(&port, &ring, capacity);
}

/* ---- a full port ---- */

static void
bounded(void)
{
	struct message n[3];

	open_port(2);
	assert_int_equal(port_send(&port, &n[0], 0), 0);
	assert_int_equal(port_send(&port, &n[1], 0), 0);
	assert_int_equal(port_send(&port, &n[2], 0), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(
	    port_send(&port, &n[2], clock_after(CLOCK_MILLISECOND)), -1);
	assert_int_equal(errno, ETIMEDOUT);
	assert_ptr_equal(port_receive(&port), &n[0]);
	assert_int_equal(port_send(&port, &n[2], 0), 0);
	port_close(&port);
	assert_int_equal(port_send(&port, &n[0], 0), -1);
	assert_int_equal(errno, EPIPE);
	assert_ptr_equal(port_receive(&port), &n[1]);
	assert_ptr_equal(port_receive(&port), &n[2]);
	assert_null(port_receive(&port));
}

static void
test_port_is_bounded(void **state)
{
	(void)state;
	run(bounded);
}

static void
senders_in_turn(void)
{
	struct one a, b;
	struct message m;

	open_port(1);
	assert_int_equal(port_send(&port, &m, 0), 0);
	start(&a, send_main, clock_after(SOON));
	start(&b, send_main, clock_after(SOON));
	assert_ptr_equal(port_receive(&port), &m);
	join(&a, 0);
	assert_int_equal(b.result, -2);
	assert_ptr_equal(port_receive(&port), &a.message);
	join(&b, 0);
	assert_ptr_equal(port_receive(&port), &b.message);
}

static void
test_senders_wait_in_turn(void **state)
{
	(void)state;
	run(senders_in_turn);
}

static void
cancelled_sender(void)
{
	struct one a, b;
	struct message m;

	open_port(1);
	assert_int_equal(port_send(&port, &m, 0), 0);
	start(&a, send_main, clock_after(SOON));
	start(&b, send_main, clock_after(SOON));
	fiber_cancel(a.fiber);
	join(&a, ECANCELED);
	assert_ptr_equal(port_receive(&port), &m);
	join(&b, 0);
	assert_ptr_equal(port_receive(&port), &b.message);
	assert_null(port_receive(&port));
}

static void
test_cancelled_sender_leaves(void **state)
{
	(void)state;
	run(cancelled_sender);
}

/* Given room when it had just been cancelled: the next one must get it. */
static void
turn_passed_on(void)
{
	struct one a, b;
	struct message m;

	open_port(1);
	assert_int_equal(port_send(&port, &m, 0), 0);
	start(&a, send_main, clock_after(SOON));
	start(&b, send_main, clock_after(SOON));
	fiber_cancel(a.fiber);
	assert_ptr_equal(port_receive(&port), &m);
	join(&a, ECANCELED);
	join(&b, 0);
	assert_ptr_equal(port_receive(&port), &b.message);
}

static void
test_turn_is_passed_on(void **state)
{
	(void)state;
	run(turn_passed_on);
}

static void
closed_port(void)
{
	struct one a, b, c;
	struct message m;

	open_port(1);
	assert_int_equal(port_send(&port, &m, 0), 0);
	start(&a, send_main, CLOCK_NEVER);
	start(&b, call_main, CLOCK_NEVER);
	port_close(&port);
	join(&a, EPIPE);
	join(&b, EPIPE);
	start(&c, call_main, CLOCK_NEVER);
	join(&c, EPIPE);
	assert_ptr_equal(port_receive(&port), &m);
	m.reply_to = &port;
	assert_int_equal(port_reply(&m), -1);
	assert_int_equal(errno, EPIPE);
}

static void
test_close_ends_all_waits(void **state)
{
	(void)state;
	run(closed_port);
}

static void *
send_from_thread(void *arg)
{
	send_main(arg);
	return NULL;
}

static void
thread_waits_for_room(void)
{
	struct one o = {.port = &port, .deadline = clock_after(SOON)};
	struct message m;
	pthread_t thread;

	open_port(1);
	assert_int_equal(port_send(&port, &m, 0), 0);
	assert_int_equal(
	    pthread_create(&thread, NULL, send_from_thread, &o), 0);
	ring_sleep(ring_self(), clock_after(20 * CLOCK_MILLISECOND));
	assert_ptr_equal(port_receive(&port), &m);
	while (port_receive(&port) != &o.message)
		assert_int_equal(ring_wait(&ring, clock_after(SOON)), 0);
	pthread_join(thread, NULL);
	assert_int_equal(o.result, 0);
}

static void
test_thread_waits_for_room(void **state)
{
	(void)state;
	run(thread_waits_for_room);
}

/* ---- calls that are given up ---- */

static void
late_in_port(void)
{
	struct one a, b;

	open_port(2);
	start(&a, call_main, clock_after(CLOCK_MILLISECOND));
	join(&a, ETIMEDOUT);
	start(&a, call_main, CLOCK_NEVER);
	fiber_cancel(a.fiber);
	join(&a, ECANCELED);
	start(&b, call_main, 0);
	join(&b, ETIMEDOUT);
	assert_null(port_receive(&port));
}

static void
test_call_is_taken_back(void **state)
{
	(void)state;
	run(late_in_port);
}

/* From the middle, and from the end, where the tail must follow. */
static void
queue_stays_whole(void)
{
	struct one a, b, c;
	struct message m;

	open_port(3);
	start(&a, call_main, CLOCK_NEVER);
	start(&b, call_main, CLOCK_NEVER);
	start(&c, call_main, CLOCK_NEVER);
	fiber_cancel(b.fiber);
	join(&b, ECANCELED);
	fiber_cancel(c.fiber);
	join(&c, ECANCELED);
	assert_int_equal(port_send(&port, &m, 0), 0);
	assert_ptr_equal(port_receive(&port), &a.message);
	assert_ptr_equal(port_receive(&port), &m);
	assert_null(port_receive(&port));
	assert_int_equal(port_reply(&a.message), 0);
	join(&a, 0);
}

static void
test_queue_stays_whole(void **state)
{
	(void)state;
	run(queue_stays_whole);
}

static void
room_is_made(void)
{
	struct one a, b;

	open_port(1);
	start(&a, call_main, CLOCK_NEVER);
	start(&b, send_main, clock_after(SOON));
	fiber_cancel(a.fiber);
	join(&a, ECANCELED);
	join(&b, 0);
	assert_ptr_equal(port_receive(&port), &b.message);
}

static void
test_taking_back_makes_room(void **state)
{
	(void)state;
	run(room_is_made);
}

/* Received already: recalled, and the caller waits for the answer. */
static void
give_up(int by_cancel)
{
	struct one a;

	open_port(1);
	start(&a, call_main,
	    by_cancel ? CLOCK_NEVER : clock_after(20 * CLOCK_MILLISECOND));
	assert_ptr_equal(port_receive(&port), &a.message);
	assert_int_equal(ring_wait(&ring, CLOCK_NEVER), 0);
	assert_false(port_recalled(&a.message));
	if (by_cancel)
		fiber_cancel(a.fiber);
	assert_int_equal(ring_wait(&ring, clock_after(SOON)), 0);
	assert_true(port_recalled(&a.message));
	assert_int_equal(a.result, -2);
	assert_int_equal(port_reply(&a.message), 0);
	join(&a, 0);
}

static void
late_with_receiver(void)
{
	give_up(0);
	give_up(1);
}

static void
test_call_is_recalled(void **state)
{
	(void)state;
	run(late_with_receiver);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_port_is_bounded),
	    cmocka_unit_test(test_senders_wait_in_turn),
	    cmocka_unit_test(test_cancelled_sender_leaves),
	    cmocka_unit_test(test_turn_is_passed_on),
	    cmocka_unit_test(test_close_ends_all_waits),
	    cmocka_unit_test(test_thread_waits_for_room),
	    cmocka_unit_test(test_call_is_taken_back),
	    cmocka_unit_test(test_queue_stays_whole),
	    cmocka_unit_test(test_taking_back_makes_room),
	    cmocka_unit_test(test_call_is_recalled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

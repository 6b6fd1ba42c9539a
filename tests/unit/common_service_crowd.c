/* How time-outs shrink, who deserves least, and who is turned away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "clock.h"
#include "fiber.h"
#include "ring.h"
#include "service.h"
#include "service_crowd.h"
#include "worker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#define SESSIONS 8
#define NOW	 (1000 * CLOCK_SECOND)

static void
steps_by_eighths(void **state)
{
	(void)state;
	assert_int_equal(service_crowd_step(0, 80), 0);
	assert_int_equal(service_crowd_step(9, 80), 0);
	assert_int_equal(service_crowd_step(10, 80), 1);
	assert_int_equal(service_crowd_step(40, 80), 4);
	assert_int_equal(service_crowd_step(79, 80), 7);
	assert_int_equal(service_crowd_step(80, 80), 8);
	assert_int_equal(service_crowd_step(800, 80), 8);
	assert_int_equal(service_crowd_step(5, 0), 0);
	assert_int_equal(service_crowd_step(UINT32_MAX, 1000000), 8);
}

/* Never longer when it is fuller, and never nothing. */
static void
shrinks_in_steps(void **state)
{
	static const int64_t parts[] = {1, 1, 1, 1, 2, 4, 8, 16, 32};
	const int64_t timeout = 320 * CLOCK_SECOND;
	int64_t before = INT64_MAX, now, proven;

	(void)state;
	for (unsigned step = 0; step <= 8; step++) {
		now = service_crowd_timeout(timeout, step, 0);
		proven = service_crowd_timeout(timeout, step, 1);
		assert_int_equal(now, timeout / parts[step]);
		assert_int_equal(proven, step < 4 ? timeout : 2 * now);
		assert_true(now <= before && now > 0);
		before = now;
	}
	assert_int_equal(service_crowd_timeout(timeout, 99, 0), before);
}

static int64_t
points(int64_t silent_s, unsigned errors, int is_proven, unsigned siblings)
{
	const struct service_standing s = {
	    .heard = NOW - silent_s * CLOCK_SECOND,
	    .errors = errors,
	    .is_proven = is_proven};

	return service_crowd_points(&s, siblings, NOW);
}

static void
orders_by_merit(void **state)
{
	(void)state;
	assert_int_equal(points(0, 0, 0, 0), 0);
	assert_int_equal(points(0, 0, 0, 1), 0);
	assert_true(points(5, 0, 0, 1) > points(4, 0, 0, 1));
	assert_true(points(0, 1, 0, 1) > points(5, 0, 0, 1));
	assert_true(points(0, 0, 0, 2) > points(0, 0, 0, 1));
	assert_true(points(0, 0, 0, 20) > points(60, 0, 0, 1));
	/* A login outweighs two minutes of silence, and not half an hour. */
	assert_true(points(60, 0, 1, 1) < points(0, 0, 0, 1));
	assert_true(points(1800, 0, 1, 1) > points(0, 0, 0, 1));
	/* Bounded, whatever is counted. */
	assert_int_equal(points(600, 100, 0, 201),
	    points(900000, UINT32_MAX, 0, UINT32_MAX));
}

/* Sessions that wait until they are turned away. */
static struct service_client clients[SESSIONS];
static unsigned ended[SESSIONS], count_ended;

unsigned
service_sessions(void)
{
	return 6;
}

static void
wait_for_ever(void *arg)
{
	struct service_client *c = arg;

	service_crowd_enter(c);
	while (ring_sleep(ring_self(), CLOCK_NEVER) == -1 && errno == EINTR)
		;
	ended[count_ended++] = (unsigned)(c - clients);
	service_crowd_leave(c);
}

static union listen_address
address_of(const char *text)
{
	union listen_address a = {.in.sin_family = AF_INET};

	assert_int_equal(inet_pton(AF_INET, text, &a.in.sin_addr), 1);
	return a;
}

static void
begin(unsigned i, const char *address)
{
	clients[i] =
	    (struct service_client){.fd = -1, .peer = address_of(address)};
	assert_int_equal(fiber_spawn("session", wait_for_ever, &clients[i]), 0);
	fiber_yield();
}

static void
count_one(struct service_client *c, void *arg)
{
	unsigned *seen = arg;

	assert_true(c >= clients && c < clients + SESSIONS);
	++*seen;
}

/* Turns one away for a new one from this address, or nobody: -1. */
static int
make_room(const char *address)
{
	const union listen_address peer = address_of(address);
	unsigned before = count_ended;

	if (service_crowd_make_room(&peer) == -1)
		return -1;
	for (int turn = 0; turn < 100 && count_ended == before; turn++)
		fiber_yield();
	assert_int_equal(count_ended, before + 1);
	assert_true(clients[ended[before]].standing.is_turned_away);
	return (int)ended[before];
}

static void
turn_away(void *arg)
{
	const struct service_settings settings = {.sessions = 8};
	const union listen_address other = address_of("192.0.2.77");
	unsigned seen = 0;

	(void)arg;
	service_crowd_begin();
	assert_int_equal(make_room("192.0.2.50"), -1);
	/* One holds four places; one has just come, one has made errors, one
	 * has logged in long ago, one is in his maildrop. */
	for (unsigned i = 0; i < 4; i++)
		begin(i, "192.0.2.1");
	for (unsigned i = 4; i < SESSIONS; i++)
		begin(i, "192.0.2.9");
	service_is_for(&clients[5], &other);
	service_heard(&clients[5], 3, 0);
	service_heard(&clients[6], 0, 1);
	clients[6].standing.heard -= 100 * CLOCK_SECOND;
	clients[7].standing.is_kept = 1;
	clients[7].standing.heard -= 500 * CLOCK_SECOND;
	clients[2].standing.heard -= 3 * CLOCK_SECOND;
	clients[1].standing.heard -= 2 * CLOCK_SECOND;
	assert_int_equal(service_patience(&clients[0], &settings, 640), 80);
	assert_int_equal(service_patience(&clients[6], &settings, 640), 160);

	assert_int_equal(make_room("192.0.2.50"), 5);
	assert_int_equal(make_room("192.0.2.50"), 2);
	assert_int_equal(make_room("192.0.2.50"), 1);
	/* Two are left of it, which its next one deserves no more than. */
	assert_int_equal(make_room("192.0.2.1"), -1);
	assert_true(make_room("192.0.2.50") <= 4);
	while (make_room("192.0.2.50") != -1)
		;
	/* Those that have shown something stay, and who spoke just now. */
	assert_int_equal(clients[6].standing.is_turned_away, 0);
	assert_int_equal(clients[7].standing.is_turned_away, 0);
	clients[6].standing.heard -= 1800 * CLOCK_SECOND;
	assert_int_equal(make_room("192.0.2.50"), 6);
	assert_int_equal(make_room("192.0.2.50"), -1);
	/* The administrator may end anybody. */
	service_crowd_each(count_one, &seen);
	assert_int_equal(seen + count_ended, SESSIONS);
	service_crowd_drop(&clients[7]);
	for (int turn = 0; turn < 100 && seen + count_ended == SESSIONS; turn++)
		fiber_yield();
	assert_int_equal(ended[count_ended - 1], 7);
	assert_int_equal(clients[7].standing.is_dropped, 1);
	assert_int_equal(clients[7].standing.is_turned_away, 0);
	worker_stop();
}

static void
turns_away_the_least_deserving(void **state)
{
	(void)state;
	assert_int_equal(worker_run(1, turn_away, NULL), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(steps_by_eighths),
	    cmocka_unit_test(shrinks_in_steps),
	    cmocka_unit_test(orders_by_merit),
	    cmocka_unit_test(turns_away_the_least_deserving),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

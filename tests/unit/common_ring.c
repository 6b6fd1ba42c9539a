/* Rings and descriptors: accept, connect, poll, watches, fairness. */

#include "clock.h"
#include "fiber.h"
#include "ring.h"
#include "worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define SOON  (5 * CLOCK_SECOND)
#define SHORT (5 * CLOCK_MILLISECOND)

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

/* ---- waits ---- */

static void
notify_first(void)
{
	struct ring r;
	int64_t start;

	ring_init(&r);
	ring_notify(&r);
	ring_notify(&r);
	assert_int_equal(ring_wait(&r, CLOCK_NEVER), 0);
	start = clock_now();
	assert_int_equal(
	    ring_wait(&r, clock_after(30 * CLOCK_MILLISECOND)), -1);
	assert_int_equal(errno, ETIMEDOUT);
	assert_true(clock_now() - start >= 30 * CLOCK_MILLISECOND);
	ring_notify(&r);
	assert_int_equal(ring_sleep(&r, clock_after(SOON)), -1);
	assert_int_equal(errno, EINTR);
	assert_int_equal(ring_sleep(&r, clock_after(CLOCK_MILLISECOND)), 0);
}

static void
test_notification_is_kept(void **state)
{
	(void)state;
	run(notify_first);
	/* A kernel thread that is no worker waits in the same way. */
	notify_first();
}

static void
poll_both(void)
{
	struct ring r;
	int fd = eventfd(0, EFD_NONBLOCK);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint64_t one = 1;

	ring_init(&r);
	assert_int_equal(
	    ring_poll(&r, &p, 1, clock_after(CLOCK_MILLISECOND)), -1);
	assert_int_equal(errno, ETIMEDOUT);
	ring_notify(&r);
	assert_int_equal(ring_poll(&r, &p, 1, clock_after(SOON)), 0);
	assert_int_equal(write(fd, &one, sizeof(one)), sizeof(one));
	assert_int_equal(ring_poll(&r, &p, 1, clock_after(SOON)), 1);
	assert_int_equal(p.revents, POLLIN);
	close(fd);
}

static void
test_poll_waits_for_both(void **state)
{
	(void)state;
	run(poll_both);
	poll_both();
}

/* ---- accept and connect ---- */

static struct sockaddr_in address;
static socklen_t address_length = sizeof(address);

static int
open_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert_int_not_equal(fd, -1);
	return fd;
}

/* A socket bound to a free port, whose address stays in `address`. */
static int
open_bound(void)
{
	int fd = open_socket();

	address = (struct sockaddr_in){.sin_family = AF_INET};
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(
	    bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(
	    getsockname(fd, (struct sockaddr *)&address, &address_length), 0);
	return fd;
}

static int
dial(struct ring *r, int fd, int64_t deadline)
{
	return ring_connect(
	    r, fd, (struct sockaddr *)&address, sizeof(address), deadline);
}

static void
connect_soon(void *arg)
{
	int *fd = arg;

	ring_sleep(ring_self(), clock_after(SHORT));
	*fd = open_socket();
	assert_int_equal(dial(ring_self(), *fd, clock_after(SOON)), 0);
}

static void
notify_soon(void *arg)
{
	ring_sleep(ring_self(), clock_after(SHORT));
	ring_notify(arg);
}

static int
answer(struct watch *w, int64_t deadline)
{
	struct sockaddr_storage peer;
	socklen_t length = sizeof(peer);

	return ring_accept(w, (struct sockaddr *)&peer, &length, deadline);
}

static void
accepting(void)
{
	struct fiber *f;
	struct ring r;
	struct watch w;
	int listener = open_bound(), client, fd;

	ring_init(&r);
	assert_int_equal(listen(listener, 8), 0);
	assert_int_equal(watch_open(&w, &r, listener), 0);
	assert_int_equal(answer(&w, clock_after(SHORT)), -1);
	assert_int_equal(errno, ETIMEDOUT);

	f = fiber_start("notify", notify_soon, &r);
	assert_int_equal(answer(&w, clock_after(SOON)), -1);
	assert_int_equal(errno, EINTR);
	assert_int_equal(fiber_join(&f, clock_after(SOON)), 0);

	f = fiber_start("connect", connect_soon, &client);
	assert_int_not_equal(fd = answer(&w, clock_after(SOON)), -1);
	assert_int_equal(fiber_join(&f, clock_after(SOON)), 0);
	close(fd);
	close(client);
	watch_close(&w);
	watch_close(&w);
	close(listener);
}

static void
test_accept(void **state)
{
	(void)state;
	run(accepting);
}

static void
cancelled_accept(void *arg)
{
	assert_int_equal(answer(arg, CLOCK_NEVER), -1);
	assert_int_equal(errno, ECANCELED);
}

static void
accept_ends(void)
{
	struct fiber *f;
	struct ring r;
	struct watch w;
	int listener = open_bound();

	ring_init(&r);
	assert_int_equal(listen(listener, 8), 0);
	assert_int_equal(watch_open(&w, &r, listener), 0);
	f = fiber_start("accept", cancelled_accept, &w);
	fiber_yield();
	fiber_cancel(f);
	assert_int_equal(fiber_join(&f, clock_after(SOON)), 0);
	watch_close(&w);
	close(listener);
}

static void
test_accept_is_cancelled(void **state)
{
	(void)state;
	run(accept_ends);
}

static void
refused(void)
{
	int listener = open_bound(), fd = open_socket();

	/* Bound, but nobody listens. */
	assert_int_equal(dial(ring_self(), fd, clock_after(SOON)), -1);
	assert_int_equal(errno, ECONNREFUSED);
	close(fd);
	close(listener);
}

static void
test_connect_is_refused(void **state)
{
	(void)state;
	run(refused);
}

/* The queue of a listener that accepts nobody is soon full. */
static void
hanging(void)
{
	enum { MOST = 8 };
	int listener = open_bound(), fds[MOST], n = 0;
	struct fiber *f;
	struct ring r;

	ring_init(&r);
	assert_int_equal(listen(listener, 0), 0);
	while (n < MOST) {
		fds[n++] = open_socket();
		if (dial(&r, fds[n - 1], clock_after(40 * SHORT)) == -1)
			break;
	}
	assert_int_equal(errno, ETIMEDOUT);
	fds[n] = open_socket();
	f = fiber_start("notify", notify_soon, &r);
	assert_int_equal(dial(&r, fds[n++], clock_after(SOON)), -1);
	assert_int_equal(errno, EINTR);
	assert_int_equal(fiber_join(&f, clock_after(SOON)), 0);
	while (n > 0)
		close(fds[--n]);
	close(listener);
}

static void
test_connect_ends_early(void **state)
{
	(void)state;
	run(hanging);
}

/* ---- poll ---- */

static void *
notify_from_thread(void *arg)
{
	ring_sleep(ring_self(), clock_after(SHORT));
	ring_notify(arg);
	return NULL;
}

static void
test_thread_polls(void **state)
{
	struct pollfd many[65] = {{0}};
	int fds[2] = {eventfd(0, EFD_NONBLOCK), eventfd(1, EFD_NONBLOCK)};
	pthread_t thread;
	struct ring r;

	(void)state;
	ring_init(&r);
	many[0] = (struct pollfd){.fd = fds[0], .events = POLLIN};
	many[1] = (struct pollfd){.fd = fds[1], .events = POLLIN};
	assert_int_equal(ring_poll(&r, many, 2, clock_after(SOON)), 1);
	assert_int_equal(many[0].revents, 0);
	assert_int_equal(many[1].revents, POLLIN);
	/* What was true before a notification is not said again. */
	ring_notify(&r);
	assert_int_equal(ring_poll(&r, many, 2, clock_after(SOON)), 0);
	assert_int_equal(many[1].revents, 0);

	assert_int_equal(
	    pthread_create(&thread, NULL, notify_from_thread, &r), 0);
	assert_int_equal(ring_poll(&r, many, 1, clock_after(SOON)), 0);
	pthread_join(thread, NULL);

	assert_int_equal(ring_poll(&r, many, 65, clock_after(SHORT)), -1);
	assert_int_equal(errno, EINVAL);
	close(fds[0]);
	close(fds[1]);
}

static void
not_pollable(void)
{
	char path[] = "/tmp/ringXXXXXX";
	struct pollfd p = {.fd = mkstemp(path), .events = POLLIN};

	assert_int_not_equal(p.fd, -1);
	assert_int_equal(ring_poll(ring_self(), &p, 1, clock_after(SHORT)), -1);
	assert_int_equal(errno, EPERM);
	close(p.fd);
	unlink(path);
}

static void
test_poll_of_a_file_fails(void **state)
{
	(void)state;
	run(not_pollable);
}

/* ---- watches ---- */

static void
hang_up_soon(void *arg)
{
	ring_sleep(ring_self(), clock_after(SHORT));
	close(*(int *)arg);
}

static void
watching(void)
{
	struct fiber *f;
	struct ring r;
	struct watch w;
	int pair[2];

	ring_init(&r);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	assert_int_equal(watch_open(&w, &r, pair[0]), 0);
	/* A notification that is not the descriptor's is kept. */
	f = fiber_start("notify", notify_soon, &r);
	assert_int_equal(watch_wait(&w, EPOLLIN, clock_after(10 * SHORT)), -1);
	assert_int_equal(errno, ETIMEDOUT);
	assert_int_equal(fiber_join(&f, clock_after(SOON)), 0);
	assert_int_equal(ring_wait(&r, clock_after(SHORT)), 0);

	assert_int_equal(write(pair[1], "x", 1), 1);
	assert_int_equal(watch_wait(&w, EPOLLIN, clock_after(SOON)), 0);
	f = fiber_start("hang up", hang_up_soon, &pair[1]);
	assert_int_equal(watch_wait(&w, EPOLLIN, clock_after(SOON)), 0);
	assert_true(w.ready & EPOLLHUP);
	assert_int_equal(fiber_join(&f, clock_after(SOON)), 0);
	watch_close(&w);
	close(pair[0]);
}

static void
test_watch(void **state)
{
	(void)state;
	run(watching);
}

/* ---- fairness ---- */

static void
say_so(void *arg)
{
	*(int *)arg = 1;
}

/* A ring that is always notified keeps neither fibers nor descriptors back. */
static void
notified_without_end(void)
{
	struct pollfd p = {.fd = eventfd(1, EFD_NONBLOCK), .events = POLLIN};
	int64_t end = clock_after(SOON);
	struct ring r;
	int ran = 0, ready = 0;

	ring_init(&r);
	assert_int_equal(fiber_spawn("bystander", say_so, &ran), 0);
	while (!ran && clock_now() < end) {
		ring_notify(&r);
		assert_int_equal(ring_wait(&r, end), 0);
	}
	assert_true(ran);
	while (ready == 0 && clock_now() < end) {
		ring_notify(&r);
		ready = ring_poll(&r, &p, 1, end);
	}
	assert_int_equal(ready, 1);
	close(p.fd);
}

static void
test_notified_without_end(void **state)
{
	(void)state;
	run(notified_without_end);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_notification_is_kept),
	    cmocka_unit_test(test_poll_waits_for_both),
	    cmocka_unit_test(test_accept),
	    cmocka_unit_test(test_accept_is_cancelled),
	    cmocka_unit_test(test_connect_is_refused),
	    cmocka_unit_test(test_connect_ends_early),
	    cmocka_unit_test(test_thread_polls),
	    cmocka_unit_test(test_poll_of_a_file_fails),
	    cmocka_unit_test(test_watch),
	    cmocka_unit_test(test_notified_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

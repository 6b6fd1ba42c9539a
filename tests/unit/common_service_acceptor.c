/* Who accepts at which listener, before and after a change of the conf. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "clock.h"
#include "fiber.h"
#include "ring.h"
#include "service.h"
#include "service_acceptor.h"
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define PATIENCE (60 * CLOCK_SECOND)

/* Whom the acceptors have handed on. */
static struct {
	unsigned count;
	unsigned listener; /* of the last one */
	int is_local;
} seen;

static char name[] = "127.0.0.1:1", another[] = "127.0.0.1:2";
static char *one[] = {name}, *both[] = {another, name};
static const struct service_settings with_one = {.listen = {one, 1}};
static const struct service_settings with_both = {.listen = {both, 2}};

static void
admit(unsigned listener, int fd, const union listen_address *peer)
{
	seen.count++;
	seen.listener = listener;
	seen.is_local = listen_is_loopback(peer);
	assert_int_equal(close(fd), 0);
}

/* A listening socket of the system's choice, whose address becomes *a. */
static int
open_listener(union listen_address *a)
{
	socklen_t length = sizeof(*a);
	char why[200];
	int fd;

	assert_int_equal(
	    listen_open("127.0.0.1:0", &fd, 1, why, sizeof(why)), 0);
	assert_int_equal(getsockname(fd, &a->any, &length), 0);
	return fd;
}

static int
connect_to(const union listen_address *a)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_not_equal(fd, -1);
	if (connect(fd, &a->any, sizeof(a->in)) == -1) {
		assert_int_equal(errno, ECONNREFUSED);
		close(fd);
		return -1;
	}
	return fd;
}

/* Waits until so many have been handed on. */
static void
wait_for(unsigned count)
{
	const int64_t deadline = clock_after(PATIENCE);

	while (seen.count < count && clock_now() < deadline)
		ring_sleep(ring_self(), clock_after(CLOCK_MILLISECOND));
	assert_int_equal(seen.count, count);
	assert_true(seen.is_local);
}

static void
accept_and_change(void *arg)
{
	union listen_address first, second;
	int fd, other, clients[4];

	(void)arg;
	service_acceptor_begin(admit);
	service_acceptor_take(&with_one, 0, open_listener(&first));
	clients[0] = connect_to(&first);
	wait_for(1);
	assert_int_equal(seen.listener, 0);

	/* The same address has another number now; a socket that it does not
	 * need is closed. */
	fd = open_listener(&second);
	other = dup(fd);
	service_acceptor_keep(&with_both);
	service_acceptor_take(&with_both, 0, fd);
	service_acceptor_take(&with_both, 1, other);
	assert_int_equal(fcntl(other, F_GETFD), -1);
	clients[1] = connect_to(&first);
	wait_for(2);
	assert_int_equal(seen.listener, 1);
	clients[2] = connect_to(&second);
	wait_for(3);
	assert_int_equal(seen.listener, 0);

	/* Who is there when the address goes is served, and nobody later. */
	clients[3] = connect_to(&second);
	service_acceptor_keep(&with_one);
	assert_int_equal(seen.count, 4);
	assert_int_equal(connect_to(&second), -1);
	service_acceptor_take(&with_one, 0, -1);

	service_acceptor_end();
	assert_int_equal(connect_to(&first), -1);
	for (unsigned i = 0; i < 4; i++)
		close(clients[i]);
	worker_stop();
}

static void
follows_the_conf(void **state)
{
	(void)state;
	assert_int_equal(worker_run(1, accept_and_change, NULL), 0);
	assert_int_equal(seen.count, 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(follows_the_conf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

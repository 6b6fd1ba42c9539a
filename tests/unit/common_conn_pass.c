/* Octets between two connections: a fiber passes them on, threads hold the far
 * ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "clock.h"
#include "conn_pass.h"
#include "fiber.h"
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MUCH ((size_t)3 << 20)

/* The far ends, what the fiber came to, and what it held in the end. */
static struct {
	int first[2], second[2];
	int64_t idle, send;
	enum conn_pass_end end;
	int64_t took;
	uint64_t in, out; /* of the first */
	int buffers;
	_Atomic int is_running;
} own;

static void
passer(void *arg)
{
	struct conn a, b;
	int64_t began = clock_now();

	(void)arg;
	assert_int_equal(conn_open(&a, own.first[0], own.send), 0);
	assert_int_equal(conn_open(&b, own.second[0], own.send), 0);
	own.is_running = 1;
	own.end = conn_pass(&a, &b, own.idle);
	own.took = clock_now() - began;
	own.in = a.octets_in;
	own.out = a.octets_out;
	own.buffers = (a.in != NULL) + (b.in != NULL);
	conn_close(&a);
	conn_close(&b);
	worker_stop();
}

static void
make_pair(int ends[2])
{
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
}

static void
run(void *(*first)(void *), void *(*second)(void *))
{
	pthread_t threads[2];

	make_pair(own.first);
	make_pair(own.second);
	pthread_create(&threads[0], NULL, first, &own.first[1]);
	pthread_create(&threads[1], NULL, second, &own.second[1]);
	assert_int_equal(worker_run(1, passer, NULL), 0);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
}

static int
set_up(void **state)
{
	(void)state;
	memset(&own, 0, sizeof(own));
	own.idle = own.send = 20 * CLOCK_SECOND;
	return 0;
}

/* Octet number n of a side. */
static unsigned char
octet(size_t n, int side)
{
	return (unsigned char)(n * 31 + n / 251 + (size_t)side);
}

static void
send_much(int fd, int side)
{
	unsigned char block[4093];
	size_t n = 0, length, i;
	ssize_t sent;

	while (n < MUCH) {
		length = MUCH - n < sizeof(block) ? MUCH - n : sizeof(block);
		for (i = 0; i < length; i++)
			block[i] = octet(n + i, side);
		if ((sent = write(fd, block, length)) <= 0)
			abort();
		n += (size_t)sent;
	}
}

/* Reads to the end: how many octets, which must be the other side's. */
static size_t
read_much(int fd, int side)
{
	unsigned char block[8191];
	size_t n = 0;
	ssize_t got;

	while ((got = read(fd, block, sizeof(block))) > 0)
		for (ssize_t i = 0; i < got; i++)
			if (block[i] != octet(n++, side))
				abort();
	return n;
}

/* Sends all before it reads anything: one that pipelines. */
static void *
sender_first(void *arg)
{
	int fd = *(int *)arg;

	send_much(fd, 0);
	shutdown(fd, SHUT_WR);
	if (read_much(fd, 1) != MUCH)
		abort();
	close(fd);
	return NULL;
}

static void *
reader(void *arg)
{
	int fd = *(int *)arg;

	if (read_much(fd, 0) != MUCH)
		abort();
	return NULL;
}

/* Sends and reads at the same time. */
static void *
both(void *arg)
{
	int fd = *(int *)arg;
	pthread_t thread;

	pthread_create(&thread, NULL, reader, arg);
	send_much(fd, 1);
	pthread_join(thread, NULL);
	close(fd);
	return NULL;
}

static void
passes_both_ways(void **state)
{
	(void)state;
	run(sender_first, both);
	/* It closed first, and was heard to its end all the same. */
	assert_int_equal(own.end, CONN_PASS_FIRST);
	assert_int_equal(own.in, MUCH);
	assert_int_equal(own.out, MUCH);
}

static void *
close_at_once(void *arg)
{
	close(*(int *)arg);
	return NULL;
}

static void *
say_and_close(void *arg)
{
	if (write(*(int *)arg, "bye", 3) != 3)
		abort();
	return close_at_once(arg);
}

static void *
hear_bye(void *arg)
{
	char text[8];
	int fd = *(int *)arg;

	if (read(fd, text, sizeof(text)) != 3 || read(fd, text, 1) != 0)
		abort();
	return close_at_once(arg);
}

static void *
hear_end(void *arg)
{
	char c;

	if (read(*(int *)arg, &c, 1) != 0)
		abort();
	return close_at_once(arg);
}

static void
ends_with_either(void **state)
{
	(void)state;
	run(close_at_once, hear_end);
	assert_int_equal(own.end, CONN_PASS_FIRST);
	set_up(NULL);
	run(hear_bye, say_and_close);
	assert_int_equal(own.end, CONN_PASS_SECOND);
	assert_int_equal(own.out, 3);
}

static void *
keep_still(void *arg)
{
	(void)arg;
	return NULL;
}

/* Nothing moves: neither side holds a buffer, and the time ends it. */
static void
ends_by_time(void **state)
{
	(void)state;
	own.idle = 50 * CLOCK_MILLISECOND;
	run(keep_still, keep_still);
	assert_int_equal(own.end, CONN_PASS_TIME);
	assert_true(own.took >= own.idle && own.took < 10 * CLOCK_SECOND);
	assert_int_equal(own.buffers, 0);
	close(own.first[1]);
	close(own.second[1]);
}

static void *
pour(void *arg)
{
	static const char block[65536];
	int fd = *(int *)arg;

	/* The other side ends it by closing. */
	while (send(fd, block, sizeof(block), MSG_NOSIGNAL) > 0)
		continue;
	return close_at_once(arg);
}

/* One side takes nothing: send's time, and one buffer. */
static void
ends_where_nothing_is_taken(void **state)
{
	(void)state;
	own.send = 100 * CLOCK_MILLISECOND;
	run(keep_still, pour);
	assert_int_equal(own.end, CONN_PASS_TIME);
	assert_true(own.took < 10 * CLOCK_SECOND);
	assert_int_equal(own.buffers, 1);
	close(own.first[1]);
}

static void *
stop_workers(void *arg)
{
	(void)arg;
	while (!own.is_running)
		usleep(1000);
	worker_stop();
	return NULL;
}

static void
ends_where_it_is_cancelled(void **state)
{
	(void)state;
	run(stop_workers, keep_still);
	assert_int_equal(own.end, CONN_PASS_CANCELLED);
	close(own.first[1]);
	close(own.second[1]);
}

static void
tell_secret(void *arg)
{
	static const char block[CONN_BUFFER * 64];
	struct conn c;

	(void)arg;
	assert_int_equal(conn_open(&c, own.first[0], CLOCK_SECOND), 0);
	conn_puts(&c, "before ");
	assert_int_equal(conn_pass_secret(&c, "secret", 6), 0);
	assert_null(c.out);
	/* What the socket does not take is no secret's way. */
	assert_int_equal(conn_pass_secret(&c, block, sizeof(block)), -1);
	assert_int_equal(conn_error(&c), EPROTO);
	conn_close(&c);
	worker_stop();
}

static void
a_secret_goes_past_the_buffer(void **state)
{
	char text[14] = "";

	(void)state;
	make_pair(own.first);
	assert_int_equal(worker_run(1, tell_secret, NULL), 0);
	assert_int_equal(recv(own.first[1], text, 13, MSG_WAITALL), 13);
	assert_string_equal(text, "before secret");
	close(own.first[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(passes_both_ways, set_up),
	    cmocka_unit_test_setup(ends_with_either, set_up),
	    cmocka_unit_test_setup(ends_by_time, set_up),
	    cmocka_unit_test_setup(ends_where_nothing_is_taken, set_up),
	    cmocka_unit_test_setup(ends_where_it_is_cancelled, set_up),
	    cmocka_unit_test_setup(a_secret_goes_past_the_buffer, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

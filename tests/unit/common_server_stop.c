/* What a server says as its process ends: what was done, and nothing that the
 * next process might do better. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "clock.h"
#include "fiber.h"
#include "ring.h"
#include "server.h"
#include "worker.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { DONE = 1, NOT_DONE };

static struct sockaddr_un address = {.sun_family = AF_UNIX};
static unsigned waiting;
static int is_pair, client;
static int next_end; /* of a pair, as the next process has it */

/* Waits until the process ends. */
static int
answer(struct request *q)
{
	waiting++;
	assert_int_equal(ring_sleep(ring_self(), CLOCK_NEVER), -1);
	assert_int_equal(errno, ECANCELED);
	request_reply(&q,
	    q->packet.head.type == DONE ? PACKET_OK : PACKET_TEMPORARY, NULL);
	return 0;
}

static const struct server_row rows[] = {
    {DONE, ROLE_SMTPD, SERVER_FIBER, answer, "done"},
    {NOT_DONE, ROLE_SMTPD, SERVER_FIBER, answer, "not done"},
    {.answer = NULL},
};
static struct server server;

static void
ask(uint16_t type)
{
	struct packet p;

	packet_init(&p, type);
	p.head.id = type;
	assert_int_equal(packet_send(client, &p), 0);
	packet_free(&p);
}

static void
attach(void)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	assert_int_equal(packet_socket(pair[0]), 0);
	assert_int_equal(server_attach(&server, pair[1], ROLE_SMTPD), 0);
	client = pair[0];
}

/* An address of the kernel's choice, without a file. */
static void
listen_and_connect(void)
{
	int listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	socklen_t length = sizeof(address);

	assert_int_equal(bind(listener, (struct sockaddr *)&address,
			     sizeof(address.sun_family)),
	    0);
	assert_int_equal(
	    getsockname(listener, (struct sockaddr *)&address, &length), 0);
	assert_int_equal(listen(listener, 8), 0);
	assert_int_equal(server_listen(&server, listener, ROLE_SMTPD), 0);
	client = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	assert_int_equal(
	    connect(client, (struct sockaddr *)&address, length), 0);
	assert_int_equal(packet_socket(client), 0);
}

static void
first_fiber(void *arg)
{
	(void)arg;
	waiting = 0;
	server = (struct server){.rows = rows, .peers_max = 1};
	if (is_pair)
		attach();
	else
		listen_and_connect();
	ask(NOT_DONE);
	ask(DONE);
	while (waiting < 2)
		ring_sleep(ring_self(), clock_after(CLOCK_MILLISECOND));
	worker_stop();
}

/* The statuses of both answers, -1 for none. */
static void
run(int *done, int *not_done)
{
	struct packet p;

	*done = *not_done = -1;
	assert_int_equal(worker_run(1, first_fiber, NULL), 0);
	packet_init(&p, 0);
	while (packet_receive(client, &p) == 1)
		*(p.head.type == DONE ? done : not_done) = p.head.status;
	packet_free(&p);
	close(client);
}

static void
a_fault_of_the_end_is_not_told(void **state)
{
	int done, not_done;

	(void)state;
	is_pair = 0;
	run(&done, &not_done);
	assert_int_equal(not_done, -1);
	assert_int_equal(done, PACKET_OK);
}

/* Nobody there would learn of the end. */
static void
but_to_a_pair_it_is(void **state)
{
	int done, not_done;

	(void)state;
	is_pair = 1;
	run(&done, &not_done);
	assert_int_equal(not_done, PACKET_TEMPORARY);
	assert_int_equal(done, PACKET_OK);
}

static void
ask_after_stop(void *arg)
{
	(void)arg;
	server = (struct server){.rows = rows, .peers_max = 1};
	assert_int_equal(server_attach(&server, dup(next_end), ROLE_SMTPD), 0);
	fiber_yield(); /* it has begun to read */
	worker_stop();
	ask(DONE);
}

/* A ticket, for one, which this process would take with it. */
static void
what_comes_later_is_the_next_one_s(void **state)
{
	struct packet p;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	assert_int_equal(packet_socket(pair[0]), 0);
	assert_int_equal(packet_socket(pair[1]), 0);
	client = pair[0];
	next_end = pair[1];
	assert_int_equal(worker_run(1, ask_after_stop, NULL), 0);
	packet_init(&p, 0);
	assert_int_equal(packet_receive(next_end, &p), 1);
	assert_int_equal(p.head.type, DONE);
	packet_free(&p);
	close(client);
	close(next_end);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_fault_of_the_end_is_not_told),
	    cmocka_unit_test(but_to_a_pair_it_is),
	    cmocka_unit_test(what_comes_later_is_the_next_one_s),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

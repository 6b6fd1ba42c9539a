/* Devices against a helper that the test plays itself, on the same worker. */
#include "clock.h"
#include "device.h"
#include "fiber.h"
#include "ring.h"
#include "worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SOON	clock_after(20 * CLOCK_SECOND)
#define SHORTLY clock_after(30 * CLOCK_MILLISECOND)
#define LIMIT	64
#define TYPE	9

static char folder[64];
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static struct device *device;
static void (*test_body)(void);

/* A call in a fiber of its own: sends number, expects it back plus 1. */
struct caller {
	struct fiber *fiber;
	uint32_t number;
	int flags;
	int64_t deadline;
	int result, error;
};

static void
caller_main(void *arg)
{
	struct caller *c = arg;
	struct packet request, reply;

	packet_init(&request, TYPE);
	packet_init(&reply, 0);
	packet_put_u32(&request, c->number);
	c->error = 0;
	c->result =
	    device_call(device, &request, &reply, c->flags, c->deadline);
	if (c->result == -1)
		c->error = errno;
	else
		assert_int_equal(packet_get_u32(&reply), c->number + 1);
	packet_free(&request);
	packet_free(&reply);
}

static void
start(struct caller *c, uint32_t number, int flags, int64_t deadline)
{
	*c = (struct caller){
	    .number = number, .flags = flags, .deadline = deadline};
	c->fiber = fiber_start("caller", caller_main, c);
	assert_non_null(c->fiber);
	fiber_yield();
}

static void
finish(struct caller *c, int error)
{
	assert_int_equal(fiber_join(&c->fiber, SOON), 0);
	assert_int_equal(c->error, error);
	assert_int_equal(c->result, error == 0 ? 0 : -1);
}

static int
listen_now(void)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);

	assert_int_equal(
	    bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 8), 0);
	return fd;
}

static void
wait_readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	assert_int_equal(ring_poll(ring_self(), &p, 1, SOON), 1);
}

static int
accept_one(int listener)
{
	int fd;

	wait_readable(listener);
	fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	assert_int_not_equal(fd, -1);
	return fd;
}

/* The helper's inbox: what came with one call is read in turn. */
static void
read_request(int fd, struct packet *p)
{
	static struct packet_batch inbox;
	static unsigned next;

	for (; next == inbox.count; next = 0) {
		assert_int_equal(packet_receive_some(fd, &inbox), 0);
		assert_false(inbox.ended);
		if (inbox.count == 0)
			wait_readable(fd);
	}
	*p = inbox.packets[next++];
	assert_int_equal(p->head.type, TYPE);
	assert_int_equal(p->head.status, 0);
}

static void
answer(int fd, struct packet *p)
{
	uint32_t number = packet_get_u32(p);
	struct packet reply;

	assert_int_equal(packet_end(p), 0);
	packet_init(&reply, 0);
	reply.head = p->head;
	packet_put_u32(&reply, number + 1);
	assert_int_equal(packet_send(fd, &reply), 0);
	packet_free(&reply);
	packet_free(p);
}

static void
serve_one(int fd)
{
	struct packet p;

	read_request(fd, &p);
	answer(fd, &p);
}

/* The device has hung up on fd. */
static void
expect_end(int fd)
{
	struct packet p;
	int got;

	packet_init(&p, 0);
	while ((got = packet_receive(fd, &p)) != 0) {
		if (got == -1 && errno == EAGAIN)
			wait_readable(fd);
		else
			assert_int_equal(got == 1 || errno == ECONNRESET, 1);
	}
	packet_free(&p);
	close(fd);
}

static void
many_in_flight(void)
{
	struct caller callers[LIMIT], one_more;
	struct packet requests[LIMIT];
	int listener = listen_now(), fd;

	for (uint32_t i = 0; i < LIMIT; i++)
		start(&callers[i], i, 0, SOON);
	start(&one_more, 0, 0, SOON);
	finish(&one_more, EAGAIN);
	assert_int_equal(device_pending(device), LIMIT);
	fd = accept_one(listener);
	for (int i = 0; i < LIMIT; i++)
		read_request(fd, &requests[i]);
	for (int i = LIMIT - 1; i >= 0; i--)
		answer(fd, &requests[i]);
	for (int i = 0; i < LIMIT; i++)
		finish(&callers[i], 0);
	assert_int_equal(device_pending(device), 0);
	close(fd);
	close(listener);
}

static void
late_and_cancelled(void)
{
	struct caller late, cancelled, good;
	struct packet first, second;
	int listener = listen_now(), fd;

	start(&late, 1, 0, SHORTLY);
	start(&cancelled, 2, 0, SOON);
	fd = accept_one(listener);
	read_request(fd, &first);
	read_request(fd, &second);
	finish(&late, ETIMEDOUT);
	fiber_cancel(cancelled.fiber);
	finish(&cancelled, ECANCELED);
	assert_int_equal(device_pending(device), 0);
	/* Their replies are dropped, and harm nobody. */
	answer(fd, &first);
	answer(fd, &second);
	start(&good, 3, 0, SOON);
	serve_one(fd);
	finish(&good, 0);
	close(fd);
	close(listener);
}

static void
helper_comes_late(void)
{
	struct caller late, brief, patient;
	int listener, fd;

	start(&late, 1, DEVICE_REPEAT, SHORTLY);
	start(&brief, 3, DEVICE_BRIEF, SOON);
	start(&patient, 2, 0, SOON);
	finish(&late, ETIMEDOUT);
	finish(&brief, ECONNRESET);
	listener = listen_now();
	fd = accept_one(listener);
	serve_one(fd);
	finish(&patient, 0);
	close(fd);
	close(listener);
}

static void
helper_dies(void)
{
	struct caller repeats, does_not, answered, waits;
	struct packet p[3];
	int listener = listen_now(), fd;

	start(&answered, 1, 0, SOON);
	start(&repeats, 2, DEVICE_REPEAT, SOON);
	start(&does_not, 3, 0, SOON);
	fd = accept_one(listener);
	for (int i = 0; i < 3; i++)
		read_request(fd, &p[i]);
	packet_free(&p[1]);
	packet_free(&p[2]);
	answer(fd, &p[0]);
	close(fd);
	close(listener);
	unlink(address.sun_path);
	finish(&answered, 0);
	finish(&does_not, ECONNRESET);
	start(&waits, 4, 0, SOON);
	listener = listen_now();
	fd = accept_one(listener);
	serve_one(fd);
	serve_one(fd);
	finish(&repeats, 0);
	finish(&waits, 0);
	close(fd);
	close(listener);
}

static void
repeats_end(void)
{
	struct caller c;
	struct packet p;
	int listener = listen_now(), fd;

	start(&c, 1, DEVICE_REPEAT, SOON);
	for (int i = 0; i <= DEVICE_REPEATS; i++) {
		fd = accept_one(listener);
		read_request(fd, &p);
		packet_free(&p);
		close(fd);
	}
	finish(&c, ECONNRESET);
	close(listener);
}

static void
malformed_replies(void)
{
	struct caller c;
	struct packet p;
	int listener = listen_now(), fd;

	start(&c, 1, DEVICE_REPEAT, SOON);
	for (int i = 0; i < 4; i++) {
		fd = accept_one(listener);
		read_request(fd, &p);
		if (i == 0)
			p.head.type++;
		if (i == 1)
			p.head.status = PACKET_STATUSES;
		if (i == 2)
			assert_int_equal(send(fd, "short", 5, 0), 5);
		if (i < 2)
			assert_int_equal(packet_send(fd, &p), 0);
		if (i == 3)
			device_malformed(device, TYPE);
		packet_free(&p);
		expect_end(fd);
	}
	fd = accept_one(listener);
	serve_one(fd);
	finish(&c, 0);
	close(fd);
	close(listener);
}

static void
closing(void)
{
	struct caller waits, under_way;
	struct packet p;
	int listener = listen_now(), fd;

	start(&under_way, 1, DEVICE_REPEAT, SOON);
	fd = accept_one(listener);
	read_request(fd, &p);
	packet_free(&p);
	start(&waits, 2, DEVICE_REPEAT, SOON);
	device_close(&device);
	assert_null(device);
	finish(&under_way, EPIPE);
	finish(&waits, EPIPE);
	expect_end(fd);
	close(listener);
}

static void
descriptors_caller(void *arg)
{
	struct packet request, reply;

	(void)arg;
	packet_init(&request, TYPE);
	packet_init(&reply, 0);
	request.fd = open("/dev/null", O_RDONLY);
	assert_int_equal(device_call(device, &request, &reply, 0, SOON), 0);
	assert_int_not_equal(request.fd, -1);
	assert_int_not_equal(reply.fd, -1);
	request.error = EMSGSIZE;
	assert_int_equal(device_call(device, &request, &reply, 0, SOON), -1);
	assert_int_equal(errno, EMSGSIZE);
	packet_free(&request);
	packet_free(&reply);
}

static void
descriptors(void)
{
	struct fiber *f = fiber_start("caller", descriptors_caller, NULL);
	struct packet p;
	int listener = listen_now(), fd;

	fd = accept_one(listener);
	read_request(fd, &p);
	assert_int_not_equal(p.fd, -1);
	assert_int_equal(packet_send(fd, &p), 0);
	packet_free(&p);
	assert_int_equal(fiber_join(&f, SOON), 0);
	close(fd);
	close(listener);
}

/* More than the socket holds: the device must wait for room. */
static void
large_caller(void *arg)
{
	struct packet request, reply;
	char *octets = calloc(1, 60000);

	packet_init(&request, TYPE);
	packet_init(&reply, 0);
	packet_put_data(&request, octets, 60000);
	assert_int_equal(device_call(device, &request, &reply, 0, SOON), 0);
	++*(int *)arg;
	packet_free(&request);
	packet_free(&reply);
	free(octets);
}

static void
full_socket(void)
{
	struct packet p;
	int listener = listen_now(), fd, done = 0;

	for (int i = 0; i < LIMIT; i++)
		assert_int_equal(fiber_spawn("large", large_caller, &done), 0);
	fd = accept_one(listener);
	fiber_yield();
	for (int i = 0; i < LIMIT; i++) {
		read_request(fd, &p);
		assert_int_equal(p.length, 60004);
		p.length = 0;
		assert_int_equal(packet_send(fd, &p), 0);
		packet_free(&p);
	}
	while (done < LIMIT)
		fiber_yield();
	close(fd);
	close(listener);
}

static void
attached(void)
{
	struct caller good, lost;
	struct packet p;
	int pair[2];

	device_close(&device);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	assert_int_equal(packet_socket(pair[0]), 0);
	assert_non_null(device = device_attach("pair", pair[1], 2));
	assert_int_equal(send(pair[0], "short", 5, 0), 5);
	start(&good, 1, 0, SOON);
	serve_one(pair[0]);
	finish(&good, 0);
	start(&lost, 2, DEVICE_REPEAT, SOON);
	read_request(pair[0], &p);
	packet_free(&p);
	close(pair[0]);
	finish(&lost, EPIPE);
	start(&lost, 2, 0, SOON);
	finish(&lost, EPIPE);
}

static void
first_fiber(void *arg)
{
	(void)arg;
	device = device_open("helper", address.sun_path, LIMIT);
	assert_non_null(device);
	test_body();
	device_close(&device);
	unlink(address.sun_path);
	worker_stop();
}

static void
run(void **state)
{
	test_body = *(void (**)(void)) * state;
	assert_int_equal(worker_run(1, first_fiber, NULL), 0);
}

static int
make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/common_device.XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", folder);
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

#define BODY(f)                                           \
	{                                                 \
#f, run, NULL, NULL, &(void (*[1])(void)) \
		{                                         \
			f                                 \
		}                                         \
	}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    BODY(many_in_flight),
	    BODY(late_and_cancelled),
	    BODY(helper_comes_late),
	    BODY(helper_dies),
	    BODY(repeats_end),
	    BODY(malformed_replies),
	    BODY(closing),
	    BODY(descriptors),
	    BODY(full_socket),
	    BODY(attached),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

/* A server, asked by devices and by raw sockets of the same worker. */
#include "clock.h"
#include "device.h"
#include "fiber.h"
#include "ring.h"
#include "server.h"
#include "worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SOON	  clock_after(20 * CLOCK_SECOND)
#define PEERS_MAX 3
#define KEPT_MAX  64

enum { ECHO = 1, NAP, KEEP, TELL, OPEN, FOR_POP3D, LARGE };

static char folder[64];
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static void (*test_body)(void);
static struct request *kept[KEPT_MAX];
static unsigned kept_count, told, gone_count, asleep;
static int slots[8];

static int
answer_echo(struct request *q)
{
	uint32_t number = packet_get_u32(&q->packet);
	struct packet fields;

	if (packet_end(&q->packet) == -1)
		return -1;
	if (*request_peer_data(q) == NULL)
		*request_peer_data(q) = &slots[0];
	packet_init(&fields, 0);
	packet_put_u32(&fields, number + 1);
	request_reply(&q, PACKET_OK, &fields);
	assert_null(q);
	packet_free(&fields);
	return 0;
}

static int
answer_nap(struct request *q)
{
	asleep++;
	assert_int_equal(request_role(q), ROLE_SMTPD);
	assert_int_equal(
	    ring_sleep(ring_self(), clock_after(10 * CLOCK_MILLISECOND)), 0);
	asleep--;
	if (packet_get_u32(&q->packet) == 666)
		return -1;
	return request_reply(&q, PACKET_TEMPORARY, NULL), 0;
}

static int
answer_keep(struct request *q)
{
	*request_peer_data(q) = &slots[1];
	kept[kept_count++] = q;
	return 0;
}

static int
answer_tell(struct request *q)
{
	told++;
	request_drop(&q);
	return 0;
}

/* Takes a descriptor and gives it back. */
static int
answer_open(struct request *q)
{
	struct packet fields;

	if (packet_end(&q->packet) == -1 || q->packet.fd == -1)
		return -1;
	packet_init(&fields, 0);
	fields.fd = packet_take_fd(&q->packet);
	request_reply(&q, PACKET_OK, &fields);
	packet_free(&fields);
	return 0;
}

static int
answer_large(struct request *q)
{
	static const char octets[60000];
	struct packet fields;

	packet_init(&fields, 0);
	packet_put_data(&fields, octets, sizeof(octets));
	request_reply(&q, PACKET_OK, &fields);
	packet_free(&fields);
	return 0;
}

static void
gone(void *data)
{
	assert_true(data == &slots[0] || data == &slots[1]);
	gone_count++;
}

static const struct server_row rows[] = {
    {ECHO, ROLE_SMTPD | ROLE_POP3D, 0, answer_echo, "echo"},
    {NAP, ROLE_SMTPD, SERVER_FIBER, answer_nap, "nap"},
    {KEEP, ROLE_SMTPD, 0, answer_keep, "keep"},
    {TELL, ROLE_SMTPD, 0, answer_tell, "tell"},
    {OPEN, ROLE_SMTPD, SERVER_FD, answer_open, "open"},
    {FOR_POP3D, ROLE_POP3D, 0, answer_echo, "for pop3d"},
    {LARGE, ROLE_SMTPD, 0, answer_large, "large"},
    {.answer = NULL},
};
static struct server server;

static int
connect_raw(void)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);

	assert_int_equal(
	    ring_connect(ring_self(), fd, (struct sockaddr *)&address,
		sizeof(address), SOON),
	    0);
	return fd;
}

static void
ask(int fd, uint16_t type, uint32_t number)
{
	struct packet p;

	packet_init(&p, type);
	p.head.id = number;
	packet_put_u32(&p, number);
	assert_int_equal(packet_send(fd, &p), 0);
	packet_free(&p);
}

/* The next packet; 0: the server hung up. */
static int
receive(int fd, struct packet *p)
{
	struct pollfd poll = {.fd = fd, .events = POLLIN};
	int got;

	while ((got = packet_receive(fd, p)) == -1) {
		if (errno == ECONNRESET)
			return 0;
		assert_int_equal(errno, EAGAIN);
		assert_int_equal(ring_poll(ring_self(), &poll, 1, SOON), 1);
	}
	return got;
}

static void
expect_echo(int fd, uint32_t number)
{
	struct packet p;

	packet_init(&p, 0);
	assert_int_equal(receive(fd, &p), 1);
	assert_int_equal(p.head.id, number);
	assert_int_equal(p.head.status, PACKET_OK);
	assert_int_equal(packet_get_u32(&p), number + 1);
	packet_free(&p);
}

static void
expect_hang_up(int fd)
{
	struct packet p;

	packet_init(&p, 0);
	assert_int_equal(receive(fd, &p), 0);
	close(fd);
}

static void
until(unsigned *counter, unsigned value)
{
	int64_t deadline = SOON;

	while (*counter != value) {
		assert_true(clock_now() < deadline);
		ring_sleep(ring_self(), clock_after(CLOCK_MILLISECOND));
	}
}

static void
bad_requests_close_only_theirs(void)
{
	struct packet p;
	int good = connect_raw(), bad;

	packet_init(&p, 0);
	for (int i = 0; i < 7; i++) {
		bad = connect_raw();
		packet_free(&p);
		p.head.type = i == 0 ? FOR_POP3D : ECHO;
		if (i == 1)
			p.head.type = 999;
		if (i != 2)
			packet_put_u32(&p, 666);
		if (i == 3)
			packet_put_u8(&p, 1);
		if (i == 4)
			p.fd = dup(0);
		if (i == 5)
			p.head.type = NAP;
		p.head.status = i == 6;
		assert_int_equal(packet_send(bad, &p), 0);
		expect_hang_up(bad);
		ask(good, ECHO, (uint32_t)i);
		expect_echo(good, (uint32_t)i);
	}
	packet_free(&p);
	bad = connect_raw();
	assert_int_equal(send(bad, "short", 5, 0), 5);
	expect_hang_up(bad);
	until(&server.peers, 1);
	assert_int_equal(gone_count, 0);
	close(good);
	until(&gone_count, 1);
}

static void
too_many_peers(void)
{
	int fds[PEERS_MAX];

	for (uint32_t i = 0; i < PEERS_MAX; i++) {
		fds[i] = connect_raw();
		ask(fds[i], ECHO, i);
		expect_echo(fds[i], i);
	}
	expect_hang_up(connect_raw());
	close(fds[0]);
	until(&server.peers, PEERS_MAX - 1);
	fds[0] = connect_raw();
	ask(fds[0], ECHO, 7);
	expect_echo(fds[0], 7);
	for (uint32_t i = 0; i < PEERS_MAX; i++)
		close(fds[i]);
	until(&gone_count, PEERS_MAX + 1);
}

static void
kept_requests_outlive_their_peer(void)
{
	int fd = connect_raw();

	ask(fd, KEEP, 5);
	ask(fd, KEEP, 6);
	until(&kept_count, 2);
	assert_true(request_alive(kept[1]));
	request_reply(&kept[0], PACKET_GONE, NULL);
	close(fd);
	while (request_alive(kept[1]))
		fiber_yield(), ring_sleep(ring_self(), clock_after(1000));
	assert_int_equal(gone_count, 0);
	assert_int_equal(server.peers, 1);
	request_reply(&kept[1], PACKET_OK, NULL);
	assert_int_equal(gone_count, 1);
	assert_int_equal(server.peers, 0);
}

static void
waiting_answers_let_others_run(void)
{
	struct packet p;
	int fd = connect_raw();

	packet_init(&p, 0);
	for (uint32_t i = 0; i < 50; i++)
		ask(fd, NAP, i);
	ask(fd, ECHO, 100);
	ask(fd, TELL, 0);
	expect_echo(fd, 100);
	assert_int_equal(asleep, 50);
	for (int i = 0; i < 50; i++) {
		assert_int_equal(receive(fd, &p), 1);
		assert_int_equal(p.head.type, NAP);
		assert_int_equal(p.head.status, PACKET_TEMPORARY);
	}
	until(&told, 1);
	packet_free(&p);
	close(fd);
}

/* Replies that find no room wait; too many of them end the peer. */
static void
slow_readers(void)
{
	struct packet p;
	int fd = connect_raw();
	uint32_t n = 0;

	packet_init(&p, 0);
	for (; n < 100; n++)
		ask(fd, LARGE, n);
	ask(fd, ECHO, 100);
	for (n = 0; n < 100; n++) {
		assert_int_equal(receive(fd, &p), 1);
		assert_int_equal(p.head.id, n);
		assert_int_equal(p.length, 60004);
	}
	expect_echo(fd, 100);
	for (n = 0; n < SERVER_REPLIES + 100 && server.peers == 1; n++) {
		ask(fd, LARGE, n);
		ring_sleep(ring_self(), clock_after(1000));
	}
	until(&server.peers, 0);
	assert_true(n >= SERVER_REPLIES);
	packet_free(&p);
	close(fd);
}

/* A device and a server: the whole way there and back. */
static void
device_caller(void *arg)
{
	struct device *d = arg;
	struct packet request, reply;

	packet_init(&request, OPEN);
	packet_init(&reply, 0);
	request.fd = open("/dev/null", O_RDONLY);
	assert_int_equal(
	    device_call(d, &request, &reply, DEVICE_REPEAT, SOON), 0);
	assert_int_not_equal(reply.fd, -1);
	packet_free(&request);
	for (uint32_t i = 0; i < 20; i++) {
		packet_init(&request, ECHO);
		packet_put_u32(&request, i);
		assert_int_equal(
		    device_call(d, &request, &reply, DEVICE_REPEAT, SOON), 0);
		assert_int_equal(packet_get_u32(&reply), i + 1);
		packet_free(&request);
	}
	packet_free(&reply);
	told++;
}

static void
devices(void)
{
	struct device *d = device_open("server", address.sun_path, KEPT_MAX);

	assert_non_null(d);
	for (int i = 0; i < KEPT_MAX; i++)
		assert_int_equal(fiber_spawn("caller", device_caller, d), 0);
	until(&told, KEPT_MAX);
	device_close(&d);
	assert_null(d);
}

static void
attached_pair(void)
{
	struct server link = {.rows = rows, .peers_max = 1};
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	assert_int_equal(packet_socket(pair[0]), 0);
	assert_int_equal(server_attach(&link, pair[1], ROLE_SMTPD), 0);
	assert_int_equal(send(pair[0], "short", 5, 0), 5);
	ask(pair[0], FOR_POP3D, 1);
	ask(pair[0], ECHO, 2);
	expect_echo(pair[0], 2);
	close(pair[0]);
	until(&link.peers, 0);
}

/* Who sends single packets gets such; who sends a bundle gets bundles. */
static void
bundles_are_for_those_who_send_them(void)
{
	struct packet p[3];
	const struct packet *list[] = {&p[0], &p[1], &p[2]};
	struct packet_batch batch;
	struct pollfd poll = {.fd = connect_raw(), .events = POLLIN};

	for (uint32_t i = 0; i < 3; i++)
		ask(poll.fd, ECHO, i);
	for (uint32_t i = 0; i < 3; i++)
		expect_echo(poll.fd, i);
	for (uint32_t i = 0; i < 3; i++) {
		packet_init(&p[i], ECHO);
		packet_put_u32(&p[i], i);
	}
	packet_put_u8(&p[2], 1); /* malformed: it costs the connection */
	assert_int_equal(packet_send_some(poll.fd, list, 3, PACKET_BUNDLES), 3);
	assert_int_equal(ring_poll(ring_self(), &poll, 1, SOON), 1);
	assert_int_equal(packet_receive_some(poll.fd, &batch), 0);
	assert_true(batch.bundles);
	assert_int_equal(batch.count, 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(packet_get_u32(&batch.packets[i]), i + 1);
		packet_free(&batch.packets[i]);
	}
	expect_hang_up(poll.fd);
	for (uint32_t i = 0; i < 3; i++)
		packet_free(&p[i]);
}

static void
first_fiber(void *arg)
{
	int listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	(void)arg;
	kept_count = told = gone_count = asleep = 0;
	server =
	    (struct server){.rows = rows, .gone = gone, .peers_max = PEERS_MAX};
	assert_int_equal(
	    bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 8), 0);
	assert_int_equal(server_listen(&server, listener, ROLE_SMTPD), 0);
	test_body();
	unlink(address.sun_path);
	worker_stop();
}

static void
run(void **state)
{
	test_body = *(void (**)(void)) * state;
	assert_int_equal(worker_run(1, first_fiber, NULL), 0);
	assert_int_equal(server.peers, 0);
}

static int
make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/common_server.XXXXXX");
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
	    BODY(bad_requests_close_only_theirs),
	    BODY(too_many_peers),
	    BODY(kept_requests_outlive_their_peer),
	    BODY(waiting_answers_let_others_run),
	    BODY(slow_readers),
	    BODY(devices),
	    BODY(attached_pair),
	    BODY(bundles_are_for_those_who_send_them),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

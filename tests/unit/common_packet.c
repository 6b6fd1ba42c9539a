/* Packets: fields, sticky errors, descriptors, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "packet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIELDS_MAX (PACKET_MAX - sizeof(struct packet_head))

static int ends[2];

static int
set_up(void **state)
{
	(void)state;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == -1)
		return -1;
	return packet_socket(ends[0]) | packet_socket(ends[1]);
}

static int
tear_down(void **state)
{
	(void)state;
	close(ends[0]);
	close(ends[1]);
	return 0;
}

static int
lowest_free_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

static void
fields_come_back(void **state)
{
	struct packet p, q;
	char text[6];
	size_t length;

	(void)state;
	packet_init(&p, 7);
	p.head.id = 99;
	packet_put_u8(&p, 200);
	packet_put_u32(&p, 0xDEADBEEF);
	packet_put_u64(&p, UINT64_MAX - 1);
	packet_put_text(&p, "hello");
	packet_put_text(&p, NULL);
	packet_put_data(&p, "\0x", 2);
	assert_int_equal(packet_send(ends[0], &p), 0);
	packet_init(&q, 0);
	assert_int_equal(packet_receive(ends[1], &q), 1);
	assert_int_equal(q.head.id, 99);
	assert_int_equal(q.head.type, 7);
	assert_int_equal(packet_get_u8(&q), 200);
	assert_int_equal(packet_get_u32(&q), 0xDEADBEEF);
	assert_true(packet_get_u64(&q) == UINT64_MAX - 1);
	packet_get_text(&q, text, sizeof(text));
	assert_string_equal(text, "hello");
	packet_get_text(&q, text, sizeof(text));
	assert_string_equal(text, "");
	assert_memory_equal(packet_get_data(&q, 2, &length), "\0x", 2);
	assert_int_equal(length, 2);
	assert_int_equal(packet_end(&q), 0);
	packet_free(&p);
	packet_free(&q);
}

static void
errors_stick(void **state)
{
	struct packet p;
	char text[8];

	(void)state;
	packet_init(&p, 1);
	packet_put_text(&p, "seven77");
	packet_put_u32(&p, 5);
	packet_get_text(&p, text, 7);
	assert_string_equal(text, "");
	assert_int_equal(p.error, EBADMSG);
	assert_int_equal(packet_get_u32(&p), 0);
	assert_int_equal(packet_end(&p), -1);
	assert_int_equal(packet_send(ends[0], &p), -1);
	assert_int_equal(errno, EBADMSG);
	packet_free(&p);

	packet_put_data(&p, "a\0b", 3);
	packet_get_text(&p, text, sizeof(text));
	assert_string_equal(text, "");
	assert_int_equal(p.error, EBADMSG);
	packet_free(&p);
}

static void
too_few_and_too_many(void **state)
{
	struct packet p;
	size_t length;

	(void)state;
	packet_init(&p, 1);
	packet_put_u32(&p, 1);
	assert_int_equal(packet_end(&p), -1);
	packet_free(&p);

	packet_put_u8(&p, 1);
	assert_int_equal(packet_get_u64(&p), 0);
	assert_int_equal(packet_end(&p), -1);
	packet_free(&p);

	packet_put_u32(&p, 1000); /* a length that nothing follows */
	assert_non_null(packet_get_data(&p, SIZE_MAX, &length));
	assert_int_equal(length, 0);
	assert_int_equal(packet_end(&p), -1);
	packet_free(&p);
	assert_int_equal(packet_end(&p), 0);
}

static void
the_largest_travels(void **state)
{
	struct packet p, q;
	char *octets = calloc(1, PACKET_MAX);
	size_t length;

	(void)state;
	assert_non_null(octets);
	packet_init(&p, 1);
	packet_init(&q, 1);
	memset(octets, 'x', PACKET_MAX);
	packet_put_data(&p, octets, FIELDS_MAX - 4);
	assert_int_equal(p.error, 0);
	assert_int_equal(packet_send(ends[0], &p), 0);
	assert_int_equal(packet_receive(ends[1], &q), 1);
	assert_memory_equal(
	    packet_get_data(&q, PACKET_MAX, &length), octets, FIELDS_MAX - 4);
	assert_int_equal(length, FIELDS_MAX - 4);
	packet_put_u8(&p, 1);
	assert_int_equal(p.error, EMSGSIZE);
	packet_free(&p);
	packet_free(&q);
	packet_put_data(&p, octets, FIELDS_MAX - 3);
	assert_int_equal(p.error, EMSGSIZE);
	packet_free(&p);
	free(octets);
}

static void
descriptor_travels(void **state)
{
	struct packet p, q;
	int before, fd;

	(void)state;
	before = lowest_free_fd();
	packet_init(&p, 1);
	packet_init(&q, 1);
	assert_int_not_equal(p.fd = open("/dev/null", O_RDONLY), -1);
	assert_int_equal(packet_send(ends[0], &p), 0);
	assert_int_equal(packet_receive(ends[1], &q), 1);
	fd = packet_take_fd(&q);
	assert_int_not_equal(fd, -1);
	assert_int_not_equal(fd, p.fd);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(packet_take_fd(&q), -1);
	close(fd);
	packet_free(&p);
	packet_free(&q);
	assert_int_equal(lowest_free_fd(), before);
}

/* Sends length octets with n copies of descriptor 0. */
static void
send_raw(const void *octets, size_t length, int n)
{
	union {
		char room[CMSG_SPACE(8 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec part = {(void *)(uintptr_t)octets, length};
	struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
	int fds[8] = {0};

	memset(&control, 0, sizeof(control));
	if (n > 0) {
		m.msg_control = &control;
		m.msg_controllen = CMSG_SPACE((size_t)n * sizeof(int));
		control.align = (struct cmsghdr){
		    .cmsg_len = CMSG_LEN((size_t)n * sizeof(int)),
		    .cmsg_level = SOL_SOCKET,
		    .cmsg_type = SCM_RIGHTS};
		memcpy(CMSG_DATA(&control.align), fds, (size_t)n * sizeof(int));
	}
	assert_int_equal(sendmsg(ends[0], &m, 0), (ssize_t)length);
}

static void
refuses_what_is_no_packet(void **state)
{
	static const char zeros[PACKET_MAX + 1];
	static const struct {
		size_t length;
		int fds;
	} bad[] = {{1, 0}, {7, 0}, {7, 1}, {8, 2}, {8, 3}, {20, 8},
	    {PACKET_MAX + 1, 0}, {PACKET_MAX + 1, 1}};
	int before = lowest_free_fd();
	struct packet p;

	(void)state;
	packet_init(&p, 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		send_raw(zeros, bad[i].length, bad[i].fds);
		assert_int_equal(packet_receive(ends[1], &p), -1);
		assert_int_equal(errno, EBADMSG);
		assert_int_equal(p.fd, -1);
		assert_null(p.data);
		assert_int_equal(lowest_free_fd(), before);
	}
	assert_int_equal(packet_receive(ends[1], &p), -1);
	assert_int_equal(errno, EAGAIN);
	send_raw(zeros, 8, 0);
	assert_int_equal(packet_receive(ends[1], &p), 1);
	send_raw(zeros, 0, 1);
	assert_int_equal(packet_receive(ends[1], &p), 0);
	assert_int_equal(lowest_free_fd(), before);
	packet_free(&p);
}

static void
a_full_socket_says_so(void **state)
{
	struct packet p, q;
	const struct packet *many[PACKET_BATCH + 4];
	int sent = 0, n;

	(void)state;
	packet_init(&p, 3);
	packet_init(&q, 0);
	for (int i = 0; i < 8000; i++)
		packet_put_u8(&p, (uint8_t)i);
	for (int i = 0; i < PACKET_BATCH + 4; i++)
		many[i] = &p;
	assert_int_equal(packet_send_some(ends[0], many, 3, 0), 3);
	for (sent = 3; (n = packet_send_some(ends[0], many, PACKET_BATCH + 4,
			    PACKET_BUNDLES)) > 0;) {
		assert_in_range(n, 1, PACKET_BATCH);
		sent += n;
		assert_true(sent < 10000);
	}
	assert_int_equal(errno, EAGAIN);
	for (n = 0; packet_receive(ends[1], &q) == 1; n++)
		assert_int_equal(q.length, 8000);
	assert_int_equal(n, sent);
	close(ends[1]);
	assert_int_equal(packet_send(ends[0], &p), -1);
	assert_int_equal(errno, EPIPE);
	packet_free(&p);
	packet_free(&q);
	ends[1] = dup(ends[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		fields_come_back, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(errors_stick, set_up, tear_down),
	    cmocka_unit_test(too_few_and_too_many),
	    cmocka_unit_test_setup_teardown(
		the_largest_travels, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		descriptor_travels, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		refuses_what_is_no_packet, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_full_socket_says_so, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

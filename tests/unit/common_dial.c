/* The stub that has others connect: a resolver of the test's own. */
#include "dial.h"

#include "clock.h"
#include "device.h"
#include "log.h"
#include "server.h"
#include "wire.h"
#include "worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOON (5 * CLOCK_SECOND)

static struct device *device;
static int far; /* the other end of the last socket that was handed over */

static void
reply_socket(struct request **q)
{
	struct packet fields;
	int ends[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	far = ends[1];
	packet_init(&fields, 0);
	packet_put_text(&fields, "192.0.2.1");
	fields.fd = ends[0];
	request_reply(q, PACKET_OK, &fields);
	packet_free(&fields);
}

/* What the host's name says. */
static int
answer(struct request *q)
{
	struct packet fields;
	char host[WIRE_HOST_MAX];
	uint64_t patience;
	uint32_t port;

	packet_get_text(&q->packet, host, sizeof(host));
	port = packet_get_u32(&q->packet);
	patience = packet_get_u64(&q->packet);
	if (packet_end(&q->packet) == -1 || port != 995 || patience == 0 ||
	    patience > 5000)
		return -1;
	if (strcmp(host, "good") == 0) {
		reply_socket(&q);
		return 0;
	}
	if (strcmp(host, "busy") == 0) {
		request_reply(&q, PACKET_TEMPORARY, NULL);
		return 0;
	}
	packet_init(&fields, 0);
	if (strcmp(host, "empty") == 0) { /* no descriptor */
		packet_put_text(&fields, "192.0.2.1");
		request_reply(&q, PACKET_OK, &fields);
	} else {
		packet_put_u8(&fields, (uint8_t)(host[0] - '0'));
		packet_put_u32(&fields, ECONNREFUSED);
		request_reply(&q, PACKET_REFUSED, &fields);
	}
	packet_free(&fields);
	return 0;
}

static const struct server_row rows[] = {
    {WIRE_DIAL, ROLE_POP3D, 0, answer, "dial"}, {.answer = NULL}};
static struct server server = {.rows = rows, .peers_max = 1};

static enum dial_result
dial(const char *host, int *error)
{
	char address[LISTEN_TEXT_MAX];
	enum dial_result result;
	int fd;

	result = dial_connect(
	    device, host, 995, clock_after(SOON), &fd, address, error);
	assert_int_equal(result == DIAL_OK, fd != -1);
	if (fd != -1) {
		assert_string_equal(address, "192.0.2.1");
		assert_int_equal(write(fd, "x", 1), 1);
		close(fd);
	}
	return result;
}

static void
ask(void *arg)
{
	int ends[2], error;
	char c;

	(void)arg;
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
	assert_int_equal(server_attach(&server, ends[1], ROLE_POP3D), 0);
	device = device_attach("resolver", ends[0], 8);
	assert_non_null(device);
	assert_int_equal(dial("good", &error), DIAL_OK);
	assert_int_equal(error, 0);
	assert_int_equal(read(far, &c, 1), 1);
	assert_int_equal(read(far, &c, 1), 0); /* no other copy of it */
	close(far);
	assert_int_equal(dial("1", &error), DIAL_FORBIDDEN);
	assert_int_equal(dial("2", &error), DIAL_NO_HOST);
	assert_int_equal(dial("3", &error), DIAL_FAILED);
	assert_int_equal(error, ECONNREFUSED);
	assert_int_equal(dial("busy", &error), DIAL_TEMPORARY);
	/* Answers that make no sense. */
	log_set_level(LEVEL_ERROR);
	assert_int_equal(dial("0", &error), DIAL_TEMPORARY);
	assert_int_equal(dial("4", &error), DIAL_TEMPORARY);
	assert_int_equal(dial("9", &error), DIAL_TEMPORARY);
	assert_int_equal(dial("empty", &error), DIAL_TEMPORARY);
	device_close(&device);
	worker_stop();
}

static void
connections_by_another(void **state)
{
	(void)state;
	assert_int_equal(worker_run(1, ask, NULL), 0);
}

static void
texts(void **state)
{
	(void)state;
	for (int i = 0; i < DIAL_RESULTS; i++)
		assert_true(strlen(dial_text((enum dial_result)i)) > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(connections_by_another),
	    cmocka_unit_test(texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

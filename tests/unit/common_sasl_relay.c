/*
 * Tests of common/sasl.c and sasl_relay.c: a client over a socket pair, and
 * accounts of the test's own, which says what it heard.
 */
#include "mechanism.h"
#include "sasl_relay.h"

#include "clock.h"
#include "conn.h"
#include "device.h"
#include "fiber.h"
#include "log.h"
#include "server.h"
#include "worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define TICKET "sixteen octets.."
#define DELAY  30

/* What the relay was asked, what it came to, and what the client saw. */
static const char *mechanism, *initial, *client_says;
static int client_leaves;
static enum sasl_relay_result result;
static struct sasl_login login;
static char seen[40000], heard[WIRE_HOST_MAX];
static unsigned cancels;
static int64_t took;
static struct device *device;
static enum sasl_result sender[4];

static void
reply_challenge(
    struct request **q, const char *text, const void *data, size_t length)
{
	char all[WIRE_SASL_MAX];
	struct packet fields;
	size_t n = strlen(text);

	packet_init(&fields, 0);
	packet_put_u8(&fields, SASL_CHALLENGE);
	packet_put_u32(&fields, 7);
	memcpy(all, text, n);
	if (length > sizeof(all) - n)
		length = sizeof(all) - n;
	if (length > 0)
		memcpy(all + n, data, length);
	packet_put_data(&fields, all, n + length);
	request_reply(q, PACKET_OK, &fields);
	packet_free(&fields);
}

static void
reply_refused(struct request **q, enum sasl_result why)
{
	struct packet fields;

	packet_init(&fields, 0);
	packet_put_u8(&fields, (uint8_t)why);
	packet_put_u32(&fields, why == SASL_DENIED ? DELAY : 0);
	request_reply(q, PACKET_REFUSED, &fields);
	packet_free(&fields);
}

static void
reply_ok(struct request **q, const void *ticket, size_t length)
{
	struct packet fields;

	packet_init(&fields, 0);
	packet_put_u8(&fields, SASL_OK);
	packet_put_text(&fields, "ann@example.org");
	packet_put_data(&fields, ticket, length);
	request_reply(q, PACKET_OK, &fields);
	packet_free(&fields);
}

static int
answer_begin(struct request *q)
{
	char name[WIRE_MECHANISM_MAX], text[WIRE_HOST_MAX];
	const void *data;
	size_t length;
	int has;

	packet_get_text(&q->packet, name, sizeof(name));
	(void)packet_get_u8(&q->packet);
	(void)packet_get_data(&q->packet, WIRE_BINDING_MAX, &length);
	(void)packet_get_data(&q->packet, WIRE_BINDING_MAX, &length);
	for (int i = 0; i < 3; i++)
		packet_get_text(&q->packet, text, sizeof(text));
	has = packet_get_u8(&q->packet);
	data = packet_get_data(&q->packet, WIRE_SASL_MAX, &length);
	if (packet_end(&q->packet) == -1)
		return -1;
	snprintf(heard, sizeof(heard), "%s", text);
	if (strcmp(name, "NONE") == 0)
		reply_refused(&q, SASL_UNKNOWN);
	else if (strcmp(name, "TLS") == 0)
		reply_refused(&q, SASL_INSECURE);
	else if (strcmp(name, "AWAY") == 0)
		request_reply(&q, PACKET_TEMPORARY, NULL);
	else if (strcmp(name, "ODD") == 0)
		reply_ok(&q, "short", 5);
	else if (strcmp(name, "USER") == 0 || strcmp(name, "APOP") == 0)
		reply_ok(&q, data, length < 16 ? 0 : 16);
	else
		reply_challenge(&q, has ? "got:" : "", data, length);
	return 0;
}

static int
answer_step(struct request *q)
{
	uint32_t handle = packet_get_u32(&q->packet);
	const void *data;
	size_t length;

	data = packet_get_data(&q->packet, WIRE_SASL_MAX, &length);
	if (packet_end(&q->packet) == -1 || handle != 7)
		return -1;
	if (length == 2 && memcmp(data, "ok", 2) == 0)
		reply_ok(&q, TICKET, 16);
	else if (length == 2 && memcmp(data, "no", 2) == 0)
		reply_refused(&q, SASL_DENIED);
	else if (length == 3 && memcmp(data, "bad", 3) == 0)
		reply_refused(&q, SASL_BAD);
	else if (length == 4 && memcmp(data, "gone", 4) == 0)
		request_reply(&q, PACKET_GONE, NULL);
	else
		reply_challenge(&q, "again:", data, length);
	return 0;
}

static int
answer_cancel(struct request *q)
{
	cancels++;
	request_reply(&q, PACKET_OK, NULL);
	return 0;
}

/* "no" may not; "away" can't be told; "odd" is answered oddly. */
static int
answer_sender(struct request *q)
{
	char name[WIRE_NAME_MAX], address[WIRE_ADDRESS_MAX];
	struct packet fields;

	packet_get_text(&q->packet, name, sizeof(name));
	packet_get_text(&q->packet, address, sizeof(address));
	packet_init(&fields, 0);
	packet_put_u8(&fields, strcmp(address, "no") == 0 ? SASL_DENIED : 200);
	if (strcmp(address, "yes") == 0)
		request_reply(&q, PACKET_OK, NULL);
	else if (strcmp(address, "away") == 0)
		request_reply(&q, PACKET_TEMPORARY, NULL);
	else
		request_reply(&q, PACKET_REFUSED, &fields);
	packet_free(&fields);
	return 0;
}

static const struct server_row rows[] = {
    {WIRE_SASL_BEGIN, ROLE_SMTPD, 0, answer_begin, "begin"},
    {WIRE_SASL_STEP, ROLE_SMTPD, 0, answer_step, "step"},
    {WIRE_SASL_CANCEL, ROLE_SMTPD, 0, answer_cancel, "cancel"},
    {WIRE_SENDER, ROLE_SMTPD, 0, answer_sender, "sender"},
    {.answer = NULL},
};

static const struct sasl_channel channel = {
    .client = "192.0.2.1", .host = "mx.example.org"};

static void
run_relay(struct conn *c)
{
	const struct sasl_relay r = {.conn = c,
	    .accounts = device,
	    .channel = &channel,
	    .prefix = "334 ",
	    .helper = 20 * CLOCK_SECOND,
	    .idle = 20 * CLOCK_SECOND};
	int64_t before = clock_now();

	if (strcmp(mechanism, "USER") == 0)
		result = sasl_relay_pass(&r, "ann", initial, &login);
	else if (strcmp(mechanism, "APOP") == 0)
		result = sasl_relay_apop(&r, "ann", "<1@x>", initial, &login);
	else
		result = sasl_relay_run(&r, mechanism, initial, &login);
	took = clock_now() - before;
	if (strcmp(mechanism, "SENDER") == 0) {
		static const char *const who[] = {"yes", "no", "away", "odd"};

		for (int i = 0; i < 4; i++)
			sender[i] = sasl_may_send_as(device, "ann", who[i],
			    clock_after(20 * CLOCK_SECOND));
	}
}

static void
first_fiber(void *arg)
{
	static struct server server;
	int helper[2], client[2];
	struct conn c;
	ssize_t n;

	(void)arg;
	server = (struct server){.rows = rows, .peers_max = 1};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, helper) ==
		-1 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, client) == -1 ||
	    server_attach(&server, helper[1], ROLE_SMTPD) == -1 ||
	    (device = device_attach("accounts", helper[0], 8)) == NULL ||
	    conn_open(&c, client[0], CLOCK_SECOND) == -1)
		abort();
	if (write(client[1], client_says, strlen(client_says)) == -1 ||
	    (client_leaves && shutdown(client[1], SHUT_WR) == -1))
		abort();
	run_relay(&c);
	conn_flush(&c);
	n = read(client[1], seen, sizeof(seen) - 1);
	seen[n > 0 ? n : 0] = '\0';
	conn_close(&c);
	close(client[1]);
	device_close(&device);
	worker_stop();
}

static enum sasl_relay_result
relay(const char *name, const char *first, const char *lines)
{
	mechanism = name;
	initial = first;
	client_says = lines;
	cancels = 0;
	memset(&login, 0xff, sizeof(login));
	assert_int_equal(worker_run(1, first_fiber, NULL), 0);
	if (result != SASL_RELAY_OK)
		assert_int_equal(login.name[0], '\0');
	return result;
}

static void
test_ends(void **state)
{
	(void)state;
	assert_int_equal(relay("X", NULL, "b2s=\r\n"), SASL_RELAY_OK);
	assert_string_equal(seen, "334 \r\n");
	assert_string_equal(heard, "mx.example.org");
	assert_string_equal(login.name, "ann@example.org");
	assert_memory_equal(login.ticket, TICKET, 16);
	assert_int_equal(relay("X", "Zm9v", "YQ==\r\nb2s=\r\n"), SASL_RELAY_OK);
	assert_string_equal(seen, "334 Z290OmZvbw==\r\n334 YWdhaW46YQ==\r\n");
	assert_int_equal(relay("X", "=", "b2s=\r\n"), SASL_RELAY_OK);
	assert_string_equal(seen, "334 Z290Og==\r\n");
	/* An empty line is an empty response. */
	assert_int_equal(relay("X", NULL, "\r\nb2s=\r\n"), SASL_RELAY_OK);
	assert_string_equal(seen, "334 \r\n334 YWdhaW46\r\n");
	assert_int_equal(relay("X", NULL, "bm8=\r\n"), SASL_RELAY_DENIED);
	assert_true(took >= DELAY * CLOCK_MILLISECOND);
	assert_int_equal(relay("X", NULL, "YmFk\r\n"), SASL_RELAY_BAD);
	assert_int_equal(
	    relay("X", NULL, "Z29uZQ==\r\n"), SASL_RELAY_TEMPORARY);
	assert_int_equal(cancels, 0);
	assert_int_equal(relay("NONE", NULL, ""), SASL_RELAY_UNKNOWN);
	assert_int_equal(relay("TLS", NULL, ""), SASL_RELAY_INSECURE);
	assert_int_equal(relay("AWAY", NULL, ""), SASL_RELAY_TEMPORARY);
	assert_int_equal(relay("ODD", NULL, ""), SASL_RELAY_TEMPORARY);
	assert_int_equal(
	    relay("A-MECHANISM-OF-A-LONG-NAME", NULL, ""), SASL_RELAY_UNKNOWN);
	assert_string_equal(seen, "");
}

static void
test_what_is_no_response(void **state)
{
	static const char *const wrong[] = {"b2s", "b2s=x",
	    "====", " b2s=", "b2s= ", "b2t=", "*b2s", "\x80", NULL};
	char line[20000];

	(void)state;
	for (int i = 0; wrong[i] != NULL; i++) {
		snprintf(line, sizeof(line), "%s\r\n", wrong[i]);
		assert_int_equal(relay("X", NULL, line), SASL_RELAY_BAD);
		assert_int_equal(cancels, 1);
		assert_int_equal(relay("X", wrong[i], ""), SASL_RELAY_BAD);
		assert_string_equal(seen, "");
	}
	assert_int_equal(relay("X", NULL, "*\r\n"), SASL_RELAY_CANCELLED);
	assert_int_equal(cancels, 1);
	/* RFC 4954 4: 12,288 octets are one line, more are none. */
	memset(line, 'A', sizeof(line));
	strcpy(line + 12288, "\r\n*\r\n");
	assert_int_equal(relay("X", NULL, line), SASL_RELAY_CANCELLED);
	assert_int_equal(strlen(seen), 2 * 6 + 12288);
	memset(line, 'A', sizeof(line));
	strcpy(line + 12292, "\r\n");
	assert_int_equal(relay("X", NULL, line), SASL_RELAY_LONG);
	assert_int_equal(cancels, 1);
	strcpy(line + 12292, "");
	assert_int_equal(relay("X", line, ""), SASL_RELAY_LONG);
	/* A client that leaves in the midst of it. */
	client_leaves = 1;
	assert_int_equal(relay("X", NULL, ""), SASL_RELAY_LOST);
	assert_int_equal(cancels, 1);
	assert_int_equal(relay("X", NULL, "b2"), SASL_RELAY_LOST);
	client_leaves = 0;
}

static void
test_pop3(void **state)
{
	char large[10000];

	(void)state;
	assert_int_equal(relay("USER", "a password of ann", ""), SASL_RELAY_OK);
	assert_memory_equal(login.ticket, "ann\0a password o", 16);
	assert_int_equal(relay("APOP", "0123456789", ""), SASL_RELAY_OK);
	assert_memory_equal(login.ticket,
	    "ann\0<1@x>\0"
	    "012345",
	    16);
	memset(large, 'x', sizeof(large));
	large[sizeof(large) - 1] = '\0';
	assert_int_equal(relay("USER", large, ""), SASL_RELAY_DENIED);
}

static void
test_senders(void **state)
{
	(void)state;
	relay("SENDER", NULL, "*\r\n");
	assert_int_equal(sender[0], SASL_OK);
	assert_int_equal(sender[1], SASL_DENIED);
	assert_int_equal(sender[2], SASL_TEMPORARY);
	assert_int_equal(sender[3], SASL_TEMPORARY);
}

static void
test_what_fits(void **state)
{
	struct sasl_channel c = {.is_tls = 0};

	(void)state;
	assert_false(mechanism_fits("PLAIN", &c, 0));
	assert_true(mechanism_fits("plain", &c, 1));
	assert_true(mechanism_fits("SCRAM-SHA-256", &c, 0));
	assert_false(mechanism_fits("SCRAM-SHA-256-PLUS", &c, 1));
	assert_false(mechanism_fits("EXTERNAL", &c, 1));
	c.is_tls = 1;
	assert_true(mechanism_fits("XOAUTH2", &c, 0));
	assert_false(mechanism_fits("scram-sha-1-plus", &c, 0));
	assert_false(mechanism_fits("EXTERNAL", &c, 0));
	c.end_point_length = 32;
	strcpy(c.certificate, "ann@example.org");
	assert_true(mechanism_fits("scram-sha-1-plus", &c, 0));
	assert_true(mechanism_fits("EXTERNAL", &c, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ends),
	    cmocka_unit_test(test_what_is_no_response),
	    cmocka_unit_test(test_pop3),
	    cmocka_unit_test(test_senders),
	    cmocka_unit_test(test_what_fits),
	};

	log_set_level(LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Whole sessions over a socket pair, with the helpers' stubs faked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../smtpd/session.h"
#include "../../smtpd/settings.h"

#include "clock.h"
#include "device.h"
#include "log.h"
#include "service.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>

#include "smtpd_fakes.h"

#define OUTPUT_MAX 65536

static struct settings conf;
static char hostname[] = "mx.example.org";
static struct service_client client;

/* The client: what it sends, in pieces of what size, and what it hears. */
static struct {
	int fd;
	const char *input;
	size_t length, piece;
	int stays; /* does not close its side */
	char output[OUTPUT_MAX];
} peer;

static void *
write_all(void *arg)
{
	size_t at = 0, n;

	(void)arg;
	while (at < peer.length) {
		n = peer.length - at < peer.piece ? peer.length - at
						  : peer.piece;
		if (send(peer.fd, peer.input + at, n, MSG_NOSIGNAL) == -1)
			break;
		at += n;
	}
	if (!peer.stays)
		shutdown(peer.fd, SHUT_WR);
	return NULL;
}

static void *
read_all(void *arg)
{
	size_t length = 0;
	ssize_t n;

	(void)arg;
	while ((n = read(peer.fd, peer.output + length,
		    OUTPUT_MAX - 1 - length)) > 0)
		length += (size_t)n;
	peer.output[length] = '\0';
	return NULL;
}

static void
serve(void *arg)
{
	(void)arg;
	assert_int_equal(session_open(&conf), 0);
	session_run(&client, &conf);
	session_close();
	worker_stop();
}

/* One session whose client sends length octets of input. */
static const char *
talk_octets(const char *input, size_t length, size_t piece)
{
	int fds[2];
	pthread_t writer, reader;

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	client.fd = fds[0];
	peer.fd = fds[1];
	peer.input = input;
	peer.length = length;
	peer.piece = piece;
	assert_int_equal(pthread_create(&writer, NULL, write_all, NULL), 0);
	assert_int_equal(pthread_create(&reader, NULL, read_all, NULL), 0);
	assert_int_equal(worker_run(1, serve, NULL), 0);
	pthread_join(writer, NULL);
	pthread_join(reader, NULL);
	close(fds[1]);
	return peer.output;
}

static const char *
talk(const char *input)
{
	return talk_octets(input, strlen(input), SIZE_MAX);
}

/* The codes of all replies in order, "220 250 ": the last line of each. */
static const char *
codes(const char *output)
{
	static char to[OUTPUT_MAX];
	size_t n = 0;

	for (const char *line = output; *line != '\0'; line++) {
		const char *end = strstr(line, "\r\n");

		assert_non_null(end);
		if (line[3] == ' ') {
			memcpy(to + n, line, 4);
			n += 4;
		}
		line = end + 1;
	}
	to[n] = '\0';
	return to;
}

static int
set_up(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake.host = "";
	memset(&peer, 0, sizeof(peer));
	memset(&client, 0, sizeof(client));
	client.id = 0x1234;
	client.peer.in.sin_family = AF_INET;
	client.peer.in.sin_addr.s_addr = htonl(0xc0000207); /* 192.0.2.7 */
	conf = (struct settings){.hostname = hostname,
	    .service.listen.count = 1,
	    .message_size = 65536,
	    .recipients = 100,
	    .errors = 20,
	    .unknown_recipients = 20,
	    .address_sessions = 1,
	    .network_sessions = 1,
	    .session = 60 * CLOCK_SECOND,
	    .hops = 100,
	    .command = 10 * CLOCK_SECOND,
	    .data_block = 10 * CLOCK_SECOND,
	    .message = 10 * CLOCK_SECOND,
	    .commit = CLOCK_SECOND,
	    .helper = CLOCK_SECOND,
	    .send = 10 * CLOCK_SECOND};
	return 0;
}

#define ENVELOPE "MAIL FROM:<a@b.c>\r\nRCPT TO:<jack@example.org>\r\nDATA\r\n"
#define HELLO	 "EHLO host.example\r\n"
#define QUIT	 "QUIT\r\n"

static void
takes_a_message(void **state)
{
	const char *output =
	    talk(HELLO ENVELOPE "S: x\r\n\r\n..y\r\n.\r\n" QUIT);
	char id[100];

	(void)state;
	assert_string_equal(codes(output), "220 250 250 250 354 250 221 ");
	assert_int_equal(fake.deliveries, 1);
	assert_string_equal(fake.names[0], "jack@example.org");
	assert_int_equal(fake.size, strlen(fake.body));
	assert_memory_equal(fake.body,
	    "Return-Path: <a@b.c>\n"
	    "Delivered-To: jack@example.org\n"
	    "Received: from host.example ([192.0.2.7])\n",
	    94);
	assert_non_null(strstr(fake.body, "\tfor <jack@example.org>;\n"));
	assert_non_null(strstr(fake.body, "\nS: x\n\n.y\n"));
	assert_int_equal(fake.lines, 6 + 3);
	snprintf(id, sizeof(id), "250 2.0.0 Ok id=%016llx\r\n",
	    (unsigned long long)fake.trace);
	assert_non_null(strstr(output, id));
	snprintf(id, sizeof(id), "\tby mx.example.org with ESMTP id %016llx\n",
	    (unsigned long long)fake.trace);
	assert_non_null(strstr(fake.body, id));
}

static void
takes_it_octet_by_octet(void **state)
{
	static const char input[] =
	    "HELO x\r\n" ENVELOPE "a\r\n..\r\n.\r\n" QUIT;

	(void)state;
	assert_string_equal(codes(talk_octets(input, sizeof(input) - 1, 1)),
	    "220 250 250 250 354 250 221 ");
	assert_non_null(strstr(fake.body, " with SMTP id "));
	assert_string_equal(fake.body + fake.size - 5, "\na\n.\n");
}

/* A session with a message of one line, of `size` octets with its CRLF. */
static char *
compose(size_t size, size_t *length)
{
	static const char head[] = HELLO ENVELOPE, tail[] = ".\r\n" QUIT;
	size_t at = sizeof(head) - 1;
	char *text = malloc(sizeof(head) + size + sizeof(tail));

	assert_non_null(text);
	memcpy(text, head, at);
	for (size_t i = 0; i < size - 2; i++)
		text[at++] = "abcdefghijklmnopqrstuvwxyz"[i % 26];
	text[at++] = '\r';
	text[at++] = '\n';
	memcpy(text + at, tail, sizeof(tail) - 1);
	*length = at + sizeof(tail) - 1;
	return text;
}

/* Sizes around what fits into a request, and the limit. */
static void
takes_messages_of_all_sizes(void **state)
{
	static const size_t sizes[] = {2, 16000, 16384, 32000, 32400, 32500,
	    32513, 32514, 32570, 32600, 32768, 32770, 40000, 65536};
	size_t length, fields;
	char *text;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		text = compose(sizes[i], &length);
		memset(fake.body, 0, sizeof(fake.body));
		assert_string_equal(codes(talk_octets(text, length, SIZE_MAX)),
		    "220 250 250 250 354 250 221 ");
		fields = fake.size - (sizes[i] - 1);
		assert_int_equal(strlen(fake.body), fake.size);
		assert_memory_equal(fake.body + fields,
		    text + sizeof(HELLO ENVELOPE) - 1, sizes[i] - 2);
		assert_int_equal(fake.body[fields - 1], '\n');
		free(text);
	}
	assert_true(fake.spools > 0);
}

/* At every octet around the limit of a request: either way, it is whole. */
static void
switches_to_the_spool_in_time(void **state)
{
	int kinds = 0;
	size_t length;
	char *text;

	(void)state;
	for (size_t size = WIRE_INLINE_MAX - 300; size < WIRE_INLINE_MAX;
	     size += 1) {
		text = compose(size, &length);
		talk_octets(text, length, SIZE_MAX);
		assert_non_null(strstr(peer.output, "250 2.0.0 Ok id="));
		kinds |= fake.was_spooled ? 2 : 1;
		free(text);
	}
	assert_int_equal(kinds, 3);
}

static void
refuses_what_is_too_large(void **state)
{
	size_t length;
	char *text = compose(65537, &length);

	(void)state;
	assert_string_equal(codes(talk_octets(text, length, SIZE_MAX)),
	    "220 250 250 250 354 552 221 ");
	assert_int_equal(fake.deliveries, 0);
	assert_string_equal(codes(talk(HELLO "MAIL FROM:<> SIZE=65537\r\n"
					     "MAIL FROM:<> SIZE=65536\r\n")),
	    "220 250 552 250 ");
	free(text);
}

static void
says_what_the_mailbox_says(void **state)
{
	static const char *const replies[MAILBOX_RESULTS] = {
	    [MAILBOX_OK] = "250 2.0.0 ",
	    [MAILBOX_NO_BOX] = "451 4.3.0 ",
	    [MAILBOX_FULL] = "452 4.2.2 ",
	    [MAILBOX_TEMPORARY] = "451 4.3.0 "};

	(void)state;
	for (int i = 0; i < MAILBOX_RESULTS; i++) {
		if (replies[i] == NULL)
			continue;
		fake.deliver = (enum mailbox_result)i;
		talk(HELLO ENVELOPE ".\r\n" QUIT);
		assert_non_null(strstr(peer.output, replies[i]));
		assert_string_equal(strstr(peer.output, "221"),
		    "221 2.0.0 mx.example.org "
		    "closing\r\n");
	}
}

static void
reads_to_the_end_what_it_cannot_keep(void **state)
{
	size_t length;
	char *text = compose(60000, &length);

	(void)state;
	fake.spool = MAILBOX_TEMPORARY;
	assert_string_equal(codes(talk_octets(text, length, SIZE_MAX)),
	    "220 250 250 250 354 451 221 ");
	fake.spool = MAILBOX_OK;
	fake.is_spool_full = 1;
	assert_string_equal(codes(talk_octets(text, length, SIZE_MAX)),
	    "220 250 250 250 354 452 221 ");
	assert_int_equal(fake.deliveries, 0);
	free(text);
}

static void
refuses_bad_messages(void **state)
{
	(void)state;
	talk(HELLO ENVELOPE "a\n.\nQUIT\r\n.\r\n" QUIT);
	assert_string_equal(codes(peer.output), "220 250 250 250 354 550 221 ");
	talk(HELLO ENVELOPE "a\rb\r\n.\r\n" QUIT);
	assert_non_null(strstr(peer.output, "550 5.6.0 "));
	conf.hops = 1;
	talk(HELLO ENVELOPE "Received: a\r\n.\r\n" QUIT);
	assert_int_equal(fake.deliveries, 1);
	talk(HELLO ENVELOPE "Received: a\r\nReceived: b\r\n.\r\n" QUIT);
	assert_non_null(strstr(peer.output, "554 5.4.6 "));
	assert_int_equal(fake.deliveries, 1);
}

static void
gathers_recipients(void **state)
{
	talk(HELLO
	    "MAIL FROM:<>\r\nRCPT TO:<both@example.org>\r\n"
	    "RCPT TO:<jill@example.org>\r\nRCPT TO:<nobody@example.org>\r\n"
	    "RCPT TO:<a@elsewhere.example>\r\nRCPT TO:<loop@example.org>\r\n"
	    "RCPT TO:<down@example.org>\r\nRCPT TO:<Postmaster>\r\n"
	    "RCPT TO:<hundred@example.org>\r\nDATA\r\n.\r\n" QUIT);

	(void)state;
	assert_string_equal(codes(peer.output),
	    "220 250 250 250 250 550 550 451 451 250 250 354 250 221 ");
	assert_non_null(strstr(peer.output, "550 5.1.1 "));
	assert_non_null(strstr(peer.output, "550 5.7.1 "));
	/* Three before, a hundred: all have room before any gets it. */
	assert_int_equal(fake.rooms, 103);
	assert_int_equal(fake.deliveries, 1);
	assert_int_equal(fake.count, 103);
	assert_string_equal(fake.names[102], "member99@example.org");
	assert_null(strstr(fake.body, "for <"));
	assert_non_null(strstr(fake.body, "Return-Path: <>\n"));
}

static void
refuses_full_mailboxes(void **state)
{
	(void)state;
	talk(HELLO "MAIL FROM:<> SIZE=1001\r\nRCPT TO:<full@example.org>\r\n"
		   "RCPT TO:<jack@example.org>\r\n" QUIT);
	assert_string_equal(codes(peer.output), "220 250 250 452 250 221 ");
	assert_int_equal(fake.rooms, 1);
}

static void
limits_recipients(void **state)
{
	(void)state;
	conf.recipients = 1;
	talk(HELLO "MAIL FROM:<>\r\nRCPT TO:<jack@example.org>\r\n"
		   "RCPT TO:<jill@example.org>\r\n" QUIT);
	assert_string_equal(codes(peer.output), "220 250 250 250 452 221 ");
	assert_int_equal(fake.lookups, 1);
}

static void
counts_errors(void **state)
{
	(void)state;
	conf.errors = 2;
	assert_string_equal(codes(talk("A\r\nB\r\nNOOP\r\nC\r\nNOOP\r\n")),
	    "220 500 500 250 500 421 ");
	/* An accepted message makes up for them. */
	assert_string_equal(
	    codes(talk("A\r\nB\r\n" HELLO ENVELOPE ".\r\nC\r\nD\r\n" QUIT)),
	    "220 500 500 250 250 250 354 250 500 500 221 ");
}

static void
takes_only_crlf(void **state)
{
	static const char nul[] = "NO\0OP\r\nNOOP\r\n";

	(void)state;
	assert_string_equal(
	    codes(talk("NOOP\nNOOP\r\n\nQUIT\n")), "220 500 250 500 500 ");
	assert_string_equal(
	    codes(talk_octets(nul, sizeof(nul) - 1, 100)), "220 500 250 ");
	assert_string_equal(
	    codes(talk("EHLO a\rb\r\nNO\rOP\r\n")), "220 501 500 ");
}

static void
names_clients(void **state)
{
	(void)state;
	conf.client_names = 1;
	fake.host = "real.example";
	talk(HELLO ENVELOPE ".\r\n" ENVELOPE ".\r\n" QUIT);
	assert_int_equal(fake.hosts, 1);
	assert_non_null(strstr(fake.body,
	    "Received: from host.example (real.example [192.0.2.7])\n"));
	fake.host = "evil.example) by\nx";
	talk(HELLO ENVELOPE ".\r\n" QUIT);
	assert_non_null(
	    strstr(fake.body, "Received: from host.example ([192.0.2.7])\n"));
}

static void
says_that_time_is_up(void **state)
{
	(void)state;
	peer.stays = 1;
	conf.command = 20 * CLOCK_MILLISECOND;
	talk("NOOP\r\n");
	assert_non_null(strstr(peer.output, "421 4.4.2 mx.example.org "));
	conf.command = 10 * CLOCK_SECOND;
	conf.data_block = 20 * CLOCK_MILLISECOND;
	talk(HELLO ENVELOPE "a\r\n");
	assert_non_null(strstr(peer.output, "421 4.4.2 mx.example.org "));
	conf.data_block = 10 * CLOCK_SECOND;
	conf.message = 20 * CLOCK_MILLISECOND;
	talk(HELLO ENVELOPE "a\r\n");
	assert_non_null(strstr(peer.output, "421 4.4.2 mx.example.org "));
	assert_int_equal(fake.deliveries, 0);
}

/* A delivery under way is answered; then the session ends. */
static void
finishes_a_delivery_when_told_to_end(void **state)
{
	(void)state;
	fake.stops_at_delivery = 1;
	talk(HELLO ENVELOPE ".\r\n" ENVELOPE ".\r\n");
	assert_string_equal(codes(peer.output), "220 250 250 250 354 250 421 ");
	assert_non_null(strstr(peer.output, "421 4.3.2 "));
	assert_int_equal(fake.deliveries, 1);
}

static void
forgets_a_message_that_breaks_off(void **state)
{
	(void)state;
	assert_string_equal(
	    codes(talk(HELLO ENVELOPE "a\r\n.\r")), "220 250 250 250 354 ");
	assert_int_equal(fake.deliveries, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(takes_a_message, set_up),
	    cmocka_unit_test_setup(takes_it_octet_by_octet, set_up),
	    cmocka_unit_test_setup(takes_messages_of_all_sizes, set_up),
	    cmocka_unit_test_setup(switches_to_the_spool_in_time, set_up),
	    cmocka_unit_test_setup(refuses_what_is_too_large, set_up),
	    cmocka_unit_test_setup(says_what_the_mailbox_says, set_up),
	    cmocka_unit_test_setup(
		reads_to_the_end_what_it_cannot_keep, set_up),
	    cmocka_unit_test_setup(refuses_bad_messages, set_up),
	    cmocka_unit_test_setup(gathers_recipients, set_up),
	    cmocka_unit_test_setup(refuses_full_mailboxes, set_up),
	    cmocka_unit_test_setup(limits_recipients, set_up),
	    cmocka_unit_test_setup(counts_errors, set_up),
	    cmocka_unit_test_setup(takes_only_crlf, set_up),
	    cmocka_unit_test_setup(names_clients, set_up),
	    cmocka_unit_test_setup(says_that_time_is_up, set_up),
	    cmocka_unit_test_setup(
		finishes_a_delivery_when_told_to_end, set_up),
	    cmocka_unit_test_setup(forgets_a_message_that_breaks_off, set_up),
	};

	log_set_level(LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

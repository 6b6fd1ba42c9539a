#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../smtpd/trace.h"

#include "clock.h"
#include "tls.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct trace example = {
    .reverse_path = "a@b.example",
    .helo = "client.example",
    .with = "ESMTP",
    .client_address = "192.0.2.1",
    .hostname = "mx.example",
    .id = 0xabc,
    .time = 1000000000 * CLOCK_SECOND,
};

static const struct tls_info secured = {.version = "TLSv1.3",
    .cipher = "TLS_AES_256_GCM_SHA384",
    .group = "X25519"};

static void
writes_fields(void **state)
{
	char text[TRACE_MAX];
	unsigned lines;
	size_t length = trace_fields(&example, text, sizeof(text), &lines);

	(void)state;
	assert_string_equal(text,
	    "Return-Path: <a@b.example>\n"
	    "Received: from client.example ([192.0.2.1])\n"
	    "\tby mx.example with ESMTP id 0000000000000abc;\n"
	    "\tSun, 09 Sep 2001 03:46:40 +0200\n");
	assert_int_equal(length, strlen(text));
	assert_int_equal(lines, 4);
}

static void
writes_all_clauses(void **state)
{
	struct trace t = example;
	char text[TRACE_MAX];
	unsigned lines;

	(void)state;
	t.reverse_path = "";
	t.with = "SMTP";
	t.mailbox = "jack@mx.example";
	t.client_name = "real.example";
	t.client_address = "2001:db8::1";
	t.forward_path = "to@mx.example";
	assert_int_not_equal(trace_fields(&t, text, sizeof(text), &lines), 0);
	assert_string_equal(text,
	    "Return-Path: <>\n"
	    "Delivered-To: jack@mx.example\n"
	    "Received: from client.example (real.example "
	    "[IPv6:2001:db8::1])\n"
	    "\tby mx.example with SMTP id 0000000000000abc\n"
	    "\tfor <to@mx.example>;\n"
	    "\tSun, 09 Sep 2001 03:46:40 +0200\n");
	assert_int_equal(lines, 6);
}

/* RFC 8314 4.3 */
static void
tells_of_tls(void **state)
{
	struct trace t = example;
	char text[TRACE_MAX];
	unsigned lines;

	(void)state;
	t.tls = secured;
	trace_fields(&t, text, sizeof(text), &lines);
	assert_non_null(strstr(text,
	    " id 0000000000000abc\n"
	    "\ttls TLS_AES_256_GCM_SHA384 (TLSv1.3 X25519);\n\tSun"));
	assert_int_equal(lines, 5);
}

/* A UNIX socket's client has none. */
static void
leaves_out_the_address(void **state)
{
	struct trace t = example;
	char text[TRACE_MAX];
	unsigned lines;

	(void)state;
	t.client_address = "";
	trace_fields(&t, text, sizeof(text), &lines);
	assert_non_null(strstr(text, "\nReceived: from client.example\n\tby "));
}

/* RFC 3848, RFC 6531 4.3 */
static void
names_the_protocol(void **state)
{
	(void)state;
	assert_string_equal(trace_with(0, 0, 0, 0, 0), "SMTP");
	assert_string_equal(trace_with(0, 1, 0, 0, 0), "ESMTP");
	assert_string_equal(trace_with(0, 1, 0, 1, 0), "ESMTPS");
	assert_string_equal(trace_with(0, 1, 0, 0, 1), "ESMTPA");
	assert_string_equal(trace_with(0, 1, 0, 1, 1), "ESMTPSA");
	assert_string_equal(trace_with(1, 1, 0, 0, 0), "LMTP");
	assert_string_equal(trace_with(1, 1, 0, 1, 1), "LMTPSA");
	assert_string_equal(trace_with(0, 1, 1, 0, 0), "UTF8SMTP");
	assert_string_equal(trace_with(0, 1, 1, 1, 1), "UTF8SMTPSA");
	assert_string_equal(trace_with(1, 1, 1, 1, 0), "UTF8LMTPS");
}

/* The longest that a session can hold must fit, or the message would wait. */
static void
has_room_for_the_longest(void **state)
{
	char path[255], name[256], text[TRACE_MAX];
	struct trace t = example;
	unsigned lines;
	size_t length;

	(void)state;
	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	memset(name, 'b', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	t.reverse_path = t.forward_path = t.mailbox = path;
	t.helo = t.client_name = t.hostname = name;
	t.client_address = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255";
	length = trace_fields(&t, text, sizeof(text), &lines);
	assert_int_not_equal(length, 0);
	assert_int_equal(trace_fields(&t, text, length, &lines), 0);
	assert_int_equal(trace_fields(&t, text, length + 1, &lines), length);
}

static void
makes_unlike_ids(void **state)
{
	(void)state;
	for (uint64_t session = 0; session < 100; session++)
		for (uint64_t n = 1; n < 100; n++) {
			assert_true(
			    trace_id(session, n) != trace_id(session, n + 1));
			assert_true(
			    trace_id(session, n) != trace_id(session + 1, n));
		}
	assert_true(trace_id(7, 1) == trace_id(7, 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(writes_fields),
	    cmocka_unit_test(writes_all_clauses),
	    cmocka_unit_test(tells_of_tls),
	    cmocka_unit_test(leaves_out_the_address),
	    cmocka_unit_test(names_the_protocol),
	    cmocka_unit_test(has_room_for_the_longest),
	    cmocka_unit_test(makes_unlike_ids),
	};

	if (setenv("TZ", "TEST-2", 1) == -1)
		return 1;
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

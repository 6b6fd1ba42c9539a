/*
 * Tests of mailctl/explain.c: each step, by the confs that decide it, and what
 * accounts answers.
 */
#include "../../mailctl/explain.h"

#include "accounts.h"
#include "packet.h"
#include "wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "printed.h"
#include <cmocka.h>

static char smtpd[2048], helpers[256];
static struct explain q;

/* A question by this address, where smtpd.conf has these lines besides. */
static void
ask(const char *ip, const char *lines)
{
	snprintf(smtpd, sizeof(smtpd),
	    "%s"
	    "listen = {\"0.0.0.0:25\"}\t# smtpd.conf:1\n"
	    "listen_submission = {}\t# default\n"
	    "listen_tls = {}\t# default\n"
	    "auth.mx = no\t# default\n"
	    "trust.proxy = {\"192.0.2.0/25\"}\t# smtpd.conf:2\n"
	    "trust.xclient = {\"2001:db8::/32\"}\t# smtpd.conf:3\n"
	    "greet_pause = 0s\t# default\n"
	    "early_talkers = note\t# default\n"
	    "limits.address_sessions = 100\t# smtpd.conf:4\n"
	    "limits.messages_minute = 0\t# default\n"
	    "limits.user_messages_minute = 0\t# default\n"
	    "limits.message_size = 35M\t# default\n",
	    lines);
	strcpy(helpers, "accounts.postmaster = \"\"\t# default\n"
			"accounts.plus_separator = \"+\"\t# helpers.conf:9\n");
	q = (struct explain){.from = "a@b.test",
	    .to = "ann+x@c.test",
	    .ip = ip,
	    .smtpd.text = smtpd,
	    .helpers.text = helpers};
	assert_int_equal(explain_address(&q), 0);
}

/* What the connection comes to; its steps are in printed.text. */
static const char *
connection(void)
{
	const char *ended;

	assert_int_equal(printed_begin(), 0);
	ended = explain_connection(&q);
	printed_end();
	return ended;
}

static void
addresses(void **state)
{
	static const char *const bad[] = {
	    "", "x", "1.2.3", "1.2.3.4.5", "::g", "127.0.0.1:25", "[::1]"};

	(void)state;
	ask("2001:db8::1", "");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		q.ip = bad[i];
		assert_int_equal(explain_address(&q), -1);
	}
}

static void
connections_by_address(void **state)
{
	(void)state;
	ask("198.51.100.1", "");
	assert_null(connection());
	assert_string_equal(printed.text,
	    "connect: it may, unless it has as many sessions already; "
	    "limits.address_sessions = 100 (smtpd.conf:4)\n");
	ask("192.0.2.127", "");
	assert_null(connection());
	assert_non_null(strstr(printed.text, "it is a balancer"));
	assert_non_null(strstr(printed.text, "(smtpd.conf:2)"));
	ask("192.0.2.128", "");
	assert_null(connection());
	assert_null(strstr(printed.text, "it is a balancer"));
	ask("2001:db8::7", "greet_pause = 5s\t# smtpd.conf:9\n");
	assert_null(connection());
	assert_non_null(strstr(printed.text, "(XCLIENT)"));
	assert_null(strstr(printed.text, "greet_pause"));
	ask("127.8.0.1", "greet_pause = 5s\t# smtpd.conf:9\n");
	assert_null(connection());
	assert_non_null(strstr(printed.text, "no limits count for this"));
	assert_non_null(strstr(printed.text, "greet_pause = 5s (smtpd.conf:9"));
	ask("::1", "early_talkers = refuse\t# smtpd.conf:8\n");
	assert_null(connection());
	assert_non_null(strstr(printed.text, "no limits count for this"));
	assert_non_null(strstr(printed.text, "hung up on; early_talkers"));
}

static void
connections_that_are_not_taken(void **state)
{
	(void)state;
	ask("198.51.100.1", "listen = {}\t# smtpd.conf:7\n");
	assert_string_equal(connection(), "no connection is taken");
	assert_non_null(strstr(printed.text, "listen = {} (smtpd.conf:7)"));
	ask("198.51.100.1", "");
	q.is_login = 1;
	assert_string_equal(connection(), "no login is taken");
	ask("198.51.100.1", "auth.mx = tls\t# smtpd.conf:7\n");
	q.is_login = 1;
	assert_null(connection());
	ask("198.51.100.1", "listen_tls = {\"[::]:465\"}\t# smtpd.conf:7\n");
	q.is_login = 1;
	assert_null(connection());
}

static const char *
mail(void)
{
	assert_int_equal(printed_begin(), 0);
	explain_mail(&q);
	return printed_end();
}

static void
senders_and_limits(void **state)
{
	(void)state;
	ask("198.51.100.1", "limits.messages_minute = 60\t# smtpd.conf:5\n");
	assert_non_null(strstr(mail(), "nothing is asked about senders"));
	assert_non_null(strstr(printed.text,
	    "too many messages for a minute; limits.messages_minute = 60 "
	    "(smtpd.conf:5)"));
	assert_non_null(strstr(printed.text, "limits.message_size = 35M"));
	q.from = "";
	assert_non_null(strstr(mail(), "the null reverse-path"));
	q.is_login = 1;
	assert_non_null(strstr(mail(), "mailctl user senders"));
	assert_null(strstr(printed.text, "for a minute"));
	ask("127.0.0.1", "limits.messages_minute = 60\t# smtpd.conf:5\n");
	assert_null(strstr(mail(), "for a minute"));
}

/* What accounts says: a result, how the name was found, whose rule counts. */
static enum client_exit
answer(uint8_t result, uint8_t how, const char *name, const char *of)
{
	struct packet reply;
	enum client_exit code;

	packet_init(&reply, WIRE_EXPLAIN);
	packet_put_u8(&reply, result);
	packet_put_u8(&reply, how);
	packet_put_text(&reply, name);
	packet_put_text(&reply, of);
	packet_put_u8(&reply, WIRE_RULE_ONLY);
	packet_put_u32(&reply, 2);
	packet_put_text(&reply, "@d.test");
	packet_put_text(&reply, "<>");
	packet_put_u32(&reply, result == ACCOUNTS_OK);
	if (result == ACCOUNTS_OK)
		packet_put_text(&reply, "ann@c.test");
	assert_int_equal(printed_begin(), 0);
	code = explain_recipient(&q, &reply);
	printed_end();
	packet_free(&reply);
	return code;
}

static void
recipients(void **state)
{
	(void)state;
	ask("198.51.100.1", "");
	assert_int_equal(
	    answer(ACCOUNTS_OK, WIRE_EXPLAIN_USER, "ann@c.test", ""),
	    CLIENT_OK);
	assert_string_equal(printed.text,
	    "rcpt to: ann@c.test is a user\n"
	    "rcpt to: what stands behind the separator in ann+x@c.test does "
	    "not count (helpers.conf:9)\n"
	    "rule: there is none: all may write to it\n"
	    "mailboxes: ann@c.test (unless one is full)\n"
	    "so it is taken: 250 2.1.5 Ok\n");
	assert_int_equal(answer(ACCOUNTS_DENIED, WIRE_EXPLAIN_ALIAS,
			     "ann+x@c.test", "c.test"),
	    CLIENT_REFUSED);
	assert_string_equal(printed.text,
	    "rcpt to: ann+x@c.test is an alias\n"
	    "rule: c.test: only @d.test, <>\n"
	    "so it is refused: 550 5.7.1 This address takes no mail from "
	    "this sender\n");
	assert_int_equal(
	    answer(ACCOUNTS_TEMPORARY, WIRE_EXPLAIN_NOTHING, "", ""),
	    CLIENT_REFUSED);
	assert_non_null(strstr(printed.text, "so it is put off: 451 4.3.0"));
	assert_int_equal(answer(ACCOUNTS_FOREIGN, WIRE_EXPLAIN_NOTHING, "", ""),
	    CLIENT_REFUSED);
	assert_non_null(strstr(printed.text, "550 5.7.1 Relaying denied"));
	q.is_login = 1;
	assert_int_equal(answer(ACCOUNTS_FOREIGN, WIRE_EXPLAIN_NOTHING, "", ""),
	    CLIENT_REFUSED);
	assert_non_null(strstr(printed.text, "is not sent from here"));
}

static void
answers_that_can_not_be_read(void **state)
{
	(void)state;
	ask("198.51.100.1", "");
	assert_int_equal(answer(ACCOUNTS_RESULTS, WIRE_EXPLAIN_USER, "a", ""),
	    CLIENT_TEMPORARY);
	assert_int_equal(
	    answer(ACCOUNTS_OK, WIRE_EXPLAIN_HOWS, "a", ""), CLIENT_TEMPORARY);
	assert_null(strstr(printed.text, "so it is"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(addresses),
	    cmocka_unit_test(connections_by_address),
	    cmocka_unit_test(connections_that_are_not_taken),
	    cmocka_unit_test(senders_and_limits),
	    cmocka_unit_test(recipients),
	    cmocka_unit_test(answers_that_can_not_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* conn_await_input: a look at whether a client talks, that is no failure. */
#include "conn_pair.h"

#include <errno.h>

#define PAUSE (20 * CLOCK_MILLISECOND)

static void
awaits(void)
{
	int64_t start = clock_now();
	size_t length;
	char *line;

	conn_puts(&conn, "220 held back\r\n");
	assert_int_equal(conn_await_input(&conn, 0), 0);
	assert_int_equal(conn_await_input(&conn, clock_after(PAUSE)), 0);
	assert_true(clock_now() - start >= PAUSE);
	assert_int_equal(conn_error(&conn), 0);
	assert_int_equal(conn.octets_out, 0);
	assert_int_equal(write(peer, "early\r\n", 7), 7);
	assert_int_equal(conn_await_input(&conn, clock_after(SOON)), 1);
	assert_int_equal(conn_await_input(&conn, 0), 1);
	assert_int_equal(
	    conn_read_line(&conn, &line, &length, 100, start), CONN_LINE);
	assert_string_equal(line, "early");
	/* The end of input is none, and what was said still leaves. */
	shutdown(peer, SHUT_WR);
	assert_int_equal(conn_await_input(&conn, clock_after(SOON)), 0);
	assert_int_equal(conn_error(&conn), 0);
	conn_flush(&conn);
	assert_int_equal(conn.octets_out, 15);
	conn.error = ETIMEDOUT;
	assert_int_equal(conn_await_input(&conn, 0), -1);
}

static void
test_awaits(void **state)
{
	(void)state;
	run(awaits);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_awaits)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

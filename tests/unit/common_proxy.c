/* Heads of the PROXY protocol, whole, cut and wrong; and from a connection. */
#include "conn_pair.h"

#include "fiber.h"
#include "proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#define SIG "\r\n\r\n\0\r\nQUIT\n"

/* Bytes with NULs inside, and their count. */
#define OCTETS(text) (text), sizeof(text) - 1

static const char v4[] =
    SIG "\x21\x11\x00\x0c\xc0\x00\x02\x07\x0a\x00\x00\x01\x30\x39\x00\x6e";

static void
check_parts(const char *head, size_t length)
{
	struct proxy p;

	for (size_t n = 0; n < length; n++) {
		assert_int_equal(proxy_parse(head, n, &p), PROXY_MORE);
		assert_int_equal(p.has_addresses, 0);
	}
	assert_int_equal(proxy_parse(head, length, &p), PROXY_OK);
	assert_int_equal(p.length, length);
}

static void
expect(const char *head, size_t length, const char *from, int from_port,
    const char *to, int to_port)
{
	char text[LISTEN_TEXT_MAX];
	struct proxy p;

	check_parts(head, length);
	assert_int_equal(proxy_parse(head, length, &p), PROXY_OK);
	assert_true(p.has_addresses);
	listen_text(&p.from, text);
	assert_string_equal(text, from);
	listen_text(&p.to, text);
	assert_string_equal(text, to);
	assert_int_equal(ntohs(p.from.in.sin_port), from_port);
	assert_int_equal(ntohs(p.to.in.sin_port), to_port);
}

static void
reads_lines(void **state)
{
	(void)state;
	expect(OCTETS("PROXY TCP4 192.0.2.7 10.0.0.1 12345 110\r\n"),
	    "192.0.2.7", 12345, "10.0.0.1", 110);
	expect(OCTETS("PROXY TCP6 2001:db8::7 ::1 0 65535\r\n"), "2001:db8::7",
	    0, "::1", 65535);
}

static void
reads_lines_without_addresses(void **state)
{
	static const char *const lines[] = {"PROXY UNKNOWN\r\n",
	    "PROXY UNKNOWN \r\n",
	    ("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
	     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n")};
	struct proxy p;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		check_parts(lines[i], strlen(lines[i]));
		assert_int_equal(
		    proxy_parse(lines[i], strlen(lines[i]), &p), PROXY_OK);
		assert_false(p.has_addresses);
	}
}

static void
refuses_wrong_lines(void **state)
{
	static const char *const lines[] = {
	    "proxy TCP4 1.1.1.1 1.1.1.1 1 1\r\n", "PROXY\r\n", "PROXY \r\n",
	    "PROXY  TCP4 1.1.1.1 1.1.1.1 1 1\r\n",
	    "PROXY TCP5 1.1.1.1 1.1.1.1 1 1\r\n",
	    "PROXY TCP4 1.1.1.1 1.1.1.1 1\r\n", "PROXY TCP4\r\n",
	    "PROXY TCP4 1.1.1.1 1.1.1.1 1 1 \r\n",
	    "PROXY TCP4 1.1.1.1 1.1.1.1 1 1 1\r\n",
	    "PROXY TCP4 1.1.1.1  1.1.1.1 1 1\r\n",
	    "PROXY TCP4 1.1.1.1 1.1.1.1 1 65536\r\n",
	    "PROXY TCP4 1.1.1.1 1.1.1.1 01 1\r\n",
	    "PROXY TCP4 1.1.1.1 1.1.1.1 -1 1\r\n",
	    "PROXY TCP4 1.1.1.1 1.1.1.1 1x 1\r\n",
	    "PROXY TCP4 1.1.1.1 1.1.1.256 1 1\r\n",
	    "PROXY TCP4 ::1 ::1 1 1\r\n", "PROXY TCP6 1.1.1.1 1.1.1.1 1 1\r\n",
	    "PROXY TCP4 1.1.1.1 1.1.1.1 1 1\n", "USER somebody\r\n", "\n",
	    "\r\n\r\nx"};
	char longest[110];
	struct proxy p;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		assert_int_equal(
		    proxy_parse(lines[i], strlen(lines[i]), &p), PROXY_BAD);
	assert_int_equal(
	    proxy_parse(OCTETS("PROXY TCP4 1.1.1.1\0 1.1.1.1 1 1\r\n"), &p),
	    PROXY_BAD);
	/* No line's end where a line must have one. */
	memset(longest, 'x', sizeof(longest));
	memcpy(longest, "PROXY UNKNOWN ", 14);
	assert_int_equal(proxy_parse(longest, 106, &p), PROXY_MORE);
	assert_int_equal(proxy_parse(longest, 107, &p), PROXY_BAD);
	memcpy(longest + 105, "\r\n", 2);
	assert_int_equal(proxy_parse(longest, 107, &p), PROXY_OK);
}

static void
reads_binary_heads(void **state)
{
	(void)state;
	expect(OCTETS(v4), "192.0.2.7", 12345, "10.0.0.1", 110);
	expect(OCTETS(SIG "\x21\x21\x00\x24\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0"
			  "\0\x07\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x01"
			  "\x00\x02"),
	    "2001:db8::7", 1, "::1", 2);
}

static void
reads_binary_heads_without_addresses(void **state)
{
	struct proxy p;

	(void)state;
	check_parts(OCTETS(SIG "\x20\x00\x00\x00"));
	check_parts(OCTETS(SIG "\x20\x11\x00\x03xyz"));
	check_parts(OCTETS(SIG "\x21\x00\x00\x00"));
	check_parts(OCTETS(SIG "\x21\x31\x00\x02xy"));
	assert_int_equal(
	    proxy_parse(OCTETS(SIG "\x20\x11\x00\x03xyz"), &p), PROXY_OK);
	assert_false(p.has_addresses);
}

#define V4_WITH(length, values)                                      \
	SIG "\x21\x11\x00" length "\xc0\x00\x02\x07\x0a\x00\x00\x01" \
	    "\x30\x39\x00\x6e" values

static void
reads_values(void **state)
{
	struct proxy p;

	(void)state;
	assert_int_equal(
	    proxy_parse(OCTETS(V4_WITH("\x14", "\x20\0\x05\x01\0\0\0\0")), &p),
	    PROXY_OK);
	assert_true(p.is_tls);
	assert_int_equal(
	    proxy_parse(OCTETS(V4_WITH("\x14", "\x20\0\x05\x00\0\0\0\0")), &p),
	    PROXY_OK);
	assert_false(p.is_tls);
	/* One that we do not know, and one that says nothing. */
	assert_int_equal(
	    proxy_parse(OCTETS(V4_WITH("\x13", "\xe0\0\x01x\x04\0\0")), &p),
	    PROXY_OK);
	/* Values with no end, and too short ones. */
	assert_int_equal(
	    proxy_parse(OCTETS(V4_WITH("\x0e", "\x04\0")), &p), PROXY_BAD);
	assert_int_equal(
	    proxy_parse(OCTETS(V4_WITH("\x10", "\x04\0\x02x")), &p), PROXY_BAD);
	assert_int_equal(
	    proxy_parse(OCTETS(V4_WITH("\x13", "\x20\0\x04\x01\0\0\0")), &p),
	    PROXY_BAD);
}

static void
checks_sums(void **state)
{
	struct proxy p;

	(void)state;
	assert_int_equal(
	    proxy_parse(
		OCTETS(V4_WITH("\x13", "\x03\0\x04\x5d\xec\xfb\xae")), &p),
	    PROXY_OK);
	assert_int_equal(
	    proxy_parse(
		OCTETS(V4_WITH("\x13", "\x03\0\x04\x5d\xec\xfb\xaf")), &p),
	    PROXY_BAD);
	assert_int_equal(
	    proxy_parse(OCTETS(V4_WITH("\x12", "\x03\0\x03\x01\x02\x03")), &p),
	    PROXY_BAD);
}

static void
refuses_wrong_binary_heads(void **state)
{
	struct proxy p;

	(void)state;
	/* Versions, commands, lengths. */
	assert_int_equal(
	    proxy_parse(OCTETS(SIG "\x11\x11\x00\x00"), &p), PROXY_BAD);
	assert_int_equal(
	    proxy_parse(OCTETS(SIG "\x22\x11\x00\x00"), &p), PROXY_BAD);
	assert_int_equal(
	    proxy_parse(OCTETS(SIG "\x21\x11\x00\x0bxxxxxxxxxxx"), &p),
	    PROXY_BAD);
	assert_int_equal(
	    proxy_parse(OCTETS(SIG "\x21\x11\xff\xff"), &p), PROXY_BAD);
	assert_int_equal(
	    proxy_parse(OCTETS("\r\n\r\n\0\r\nQUIT "), &p), PROXY_BAD);
}

static void
say_in_bits(void *arg)
{
	(void)arg;
	for (size_t i = 0; i < sizeof(v4) - 1; i++) {
		assert_int_equal(write(peer, v4 + i, 1), 1);
		fiber_yield();
	}
	assert_int_equal(write(peer, "USER x\r\n", 8), 8);
}

static void
takes_no_more(void)
{
	struct proxy p;
	char *line;
	size_t length;

	for (int cut = 0; cut < 2; cut++) {
		if (cut) {
			assert_int_equal(
			    fiber_spawn("peer", say_in_bits, NULL), 0);
		} else {
			assert_int_equal(
			    write(peer, v4, sizeof(v4) - 1), sizeof(v4) - 1);
			assert_int_equal(write(peer, "USER x\r\n", 8), 8);
		}
		assert_int_equal(
		    proxy_receive(&conn, &p, clock_after(SOON)), 0);
		assert_true(p.has_addresses);
		assert_int_equal(conn_read_line(&conn, &line, &length, 100,
				     clock_after(SOON)),
		    CONN_LINE);
		assert_string_equal(line, "USER x");
	}
}

static void
gives_up(void)
{
	struct proxy p;

	assert_int_equal(write(peer, "USER x\r\n", 8), 8);
	assert_int_equal(proxy_receive(&conn, &p, clock_after(SOON)), -1);
	assert_int_equal(conn_error(&conn), 0);
	conn_discard_input(&conn);
	assert_int_equal(write(peer, v4, 20), 20);
	assert_int_equal(
	    proxy_receive(&conn, &p, clock_after(20 * CLOCK_MILLISECOND)), -1);
	assert_int_equal(conn_error(&conn), ETIMEDOUT);
}

static void
receives_heads(void **state)
{
	(void)state;
	run(takes_no_more);
	run(gives_up);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_lines),
	    cmocka_unit_test(reads_lines_without_addresses),
	    cmocka_unit_test(refuses_wrong_lines),
	    cmocka_unit_test(reads_binary_heads),
	    cmocka_unit_test(reads_binary_heads_without_addresses),
	    cmocka_unit_test(reads_values),
	    cmocka_unit_test(checks_sums),
	    cmocka_unit_test(refuses_wrong_binary_heads),
	    cmocka_unit_test(receives_heads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

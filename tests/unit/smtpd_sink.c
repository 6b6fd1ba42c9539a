#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../fuzz/sink_reference.h"

#define ROOM 4096

struct got {
	struct sink sink;
	char text[ROOM];
	size_t length, used;
};

/* Feeds data in pieces of at most `piece` octets. */
static void
feed(struct got *g, const char *data, size_t length, size_t piece)
{
	size_t n, written;

	g->length = g->used = 0;
	sink_init(&g->sink);
	while (g->used < length && g->sink.state != SINK_ENDED) {
		n = length - g->used < piece ? length - g->used : piece;
		g->used += sink_take(
		    &g->sink, data + g->used, n, g->text + g->length, &written);
		g->length += written;
	}
}

/* The text, fed in pieces of each size, is stored as wanted. */
static void
assert_stored(const char *text, const char *wanted)
{
	size_t length = strlen(text);
	struct got g;

	for (size_t piece = 1; piece <= length; piece++) {
		feed(&g, text, length, piece);
		assert_int_equal(g.sink.state, SINK_ENDED);
		assert_int_equal(g.sink.faults, 0);
		assert_int_equal(g.used, length);
		assert_int_equal(g.length, strlen(wanted));
		assert_memory_equal(g.text, wanted, g.length);
		assert_int_equal(g.sink.octets, g.length);
	}
}

static void
stores_crlf(void **state)
{
	static const char text[] = "a\r\n\r\n..b\r\n.c\r\n.\r\n";
	size_t length = strlen(text);

	(void)state;
	for (size_t piece = 1; piece <= length; piece++) {
		char copy[sizeof(text) + SINK_HELD];
		struct sink s;
		size_t at = 0, to = 0, n, written;

		sink_init(&s);
		s.crlf = 1;
		while (s.state != SINK_ENDED) {
			n = length - at < piece ? length - at : piece;
			n = sink_take(&s, text + at, n, copy + to, &written);
			to += written;
			at += n;
			assert_true(to <= at + SINK_HELD);
		}
		assert_int_equal(to, 12);
		assert_memory_equal(copy, "a\r\n\r\n.b\r\nc\r\n", 12);
		assert_int_equal(s.octets, 12);
		assert_int_equal(s.lines, 0);
		assert_int_equal(s.dots, 1);
		assert_int_equal(s.faults, 0);
	}
}

static void
stores_what_was_meant(void **state)
{
	(void)state;
	assert_stored(".\r\n", "");
	assert_stored("\r\n.\r\n", "\n");
	assert_stored("a\r\n.\r\n", "a\n");
	assert_stored("..\r\n.\r\n", ".\n");
	assert_stored("...a\r\n.b\r\na.\r\n.\r\n", "..a\nb\na.\n");
	assert_stored("\xff\xfe\x80\r\n.\r\n", "\xff\xfe\x80\n");
}

static void
assert_fault(const char *data, size_t length, unsigned faults, int is_ended)
{
	struct got g;

	for (size_t piece = 1; piece <= length; piece++) {
		feed(&g, data, length, piece);
		assert_int_equal(g.sink.faults, faults);
		assert_int_equal(g.sink.state == SINK_ENDED, is_ended);
	}
}
#define FAULT(text, ...) assert_fault(text, sizeof(text) - 1, __VA_ARGS__)

/* RFC 5321 4.1.1.4: none of these is an end, and all are refused at it. */
static void
ends_at_nothing_else(void **state)
{
	(void)state;
	FAULT("a\n.\n", SINK_BARE_LF, 0);
	FAULT("a\n.\r\n", SINK_BARE_LF, 0);
	FAULT("a\r\n.\n", SINK_BARE_LF, 0);
	FAULT("a\r.\r", SINK_BARE_CR, 0);
	FAULT("a\r\n.\r", 0, 0);
	FAULT("a\r\n.\r\r\n", SINK_BARE_CR, 0);
	FAULT("a\r\r\n.\r\n", SINK_BARE_CR, 1);
	FAULT("a\r\n.\ra\r\n.\r\n", SINK_BARE_CR, 1);
	FAULT("a\r.\r\n", SINK_BARE_CR, 0);
	FAULT("a\n\r\n.\r\n", SINK_BARE_LF, 1);
	FAULT("a\0b\r\n.\r\n", SINK_NUL, 1);
	FAULT("\0\r\n.\r\n", SINK_NUL, 1);
	FAULT("a\0\n\rb\r\n.\r\n", SINK_NUL | SINK_BARE_LF | SINK_BARE_CR, 1);
}

static void
leaves_what_follows(void **state)
{
	static const char text[] = "a\r\n.\r\nMAIL\0\n\r.";
	struct got g;

	(void)state;
	for (size_t piece = 1; piece < sizeof(text); piece++) {
		feed(&g, text, sizeof(text) - 1, piece);
		assert_int_equal(g.used, 6);
		assert_int_equal(g.sink.faults, 0);
	}
}

static void
counts_hops_in_the_header_section(void **state)
{
	static const char text[] = "Received: a\r\nX: b\r\nRECEIVED:\r\n"
				   " Received: folded\r\nReceivedx: c\r\n"
				   "received:\r\n\r\nReceived: body\r\n.\r\n";
	struct got g;

	(void)state;
	for (size_t piece = 1; piece < sizeof(text); piece++) {
		feed(&g, text, sizeof(text) - 1, piece);
		assert_int_equal(g.sink.hops, 3);
		assert_int_equal(g.sink.lines, 8);
	}
}

/* RFC 5321 4.4: the one on top is ours. */
static void
leaves_out_return_path(void **state)
{
	static const char text[] =
	    "Return-Path: <a@b>\r\nRe: x\r\nRETURN-PATH:\r\n"
	    "\tfolded\r\n more\r\nReturn-Pathx: y\r\nReturn-Path\r\n\r\n"
	    "Return-Path: body\r\n.\r\n";
	static const char wanted[] = "Re: x\nReturn-Pathx: y\nReturn-Path\n\n"
				     "Return-Path: body\n";

	(void)state;
	assert_stored(text, wanted);
}

/* A first line that begins with a blank belongs to no field, and what follows
 * in it begins none. */
static void
takes_a_folded_first_line(void **state)
{
	static const char text[] =
	    " xreturn-path: y\r\n\treceived: z\r\nA: b\r\n.\r\n";
	struct got g;

	(void)state;
	assert_stored(text, " xreturn-path: y\n\treceived: z\nA: b\n");
	for (size_t piece = 1; piece < sizeof(text); piece++) {
		feed(&g, text, sizeof(text) - 1, piece);
		assert_int_equal(g.sink.hops, 0);
	}
}

static void
remembers_who_had_it(void **state)
{
	static const char text[] =
	    "Delivered-To: Jack@Example.org\r\nX: Delivered-To: no@b.c\r\n"
	    "delivered-to:<jill@example.org>\r\n\r\nDelivered-To: x@y.z\r\n"
	    ".\r\n";
	struct got g;

	(void)state;
	for (size_t piece = 1; piece < sizeof(text); piece++) {
		feed(&g, text, sizeof(text) - 1, piece);
		assert_true(sink_was_delivered_to(&g.sink, "jack@example.org"));
		assert_true(sink_was_delivered_to(&g.sink, "jill@example.org"));
		assert_false(sink_was_delivered_to(&g.sink, "no@b.c"));
		assert_false(sink_was_delivered_to(&g.sink, "x@y.z"));
	}
}

/* A chunk knows no dots and no end; the last line gets one. */
static void
takes_chunks(void **state)
{
	static const struct {
		const char *text, *wanted;
		unsigned faults;
	} cases[] = {
	    {"a\r\n.\r\n..b\r\n", "a\n.\n..b\n", 0},
	    {"", "", 0},
	    {"a", "a\n", 0},
	    {"retur", "retur\n", 0},
	    {"return-path: x", "", 0},
	    {".", ".\n", 0},
	    {"a\r", "a\n", SINK_BARE_CR},
	    {"a\nb\r\n", "a\nb\n", SINK_BARE_LF},
	};
	char out[100];
	struct sink s;
	size_t length, written;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		sink_init(&s);
		s.is_chunked = 1;
		length = strlen(cases[i].text);
		assert_int_equal(
		    sink_take(&s, cases[i].text, length, out, &written),
		    length);
		written += sink_finish(&s, out + written);
		assert_int_equal(s.state, SINK_ENDED);
		assert_int_equal(s.faults, cases[i].faults);
		assert_int_equal(written, strlen(cases[i].wanted));
		assert_memory_equal(out, cases[i].wanted, written);
		assert_int_equal(s.octets, written);
	}
}

/* All texts of up to SIZE octets that decide something, cut in all ways. */
static void
agrees_with_the_reference(void **state)
{
	enum { SIZE = 7 };
	static const char octets[] = {'\r', '\n', '.', 'a', '\0'};
	char text[SIZE], wanted[SIZE];
	unsigned number, count = 1, n;
	struct sink_reference r;
	struct got g;

	(void)state;
	for (int i = 0; i < SIZE; i++)
		count *= sizeof(octets);
	for (number = 0; number < count; number++) {
		n = number;
		for (int i = 0; i < SIZE; i++, n /= sizeof(octets))
			text[i] = octets[n % sizeof(octets)];
		r = sink_reference(text, SIZE, wanted);
		for (size_t piece = 1; piece <= SIZE; piece++) {
			feed(&g, text, SIZE, piece);
			assert_int_equal(g.used, r.used);
			assert_int_equal(
			    g.sink.state == SINK_ENDED, r.is_ended);
			assert_int_equal(g.sink.faults, r.faults);
			if (r.faults != 0)
				continue;
			assert_int_equal(g.length, r.length);
			assert_memory_equal(g.text, wanted, r.length);
			assert_int_equal(g.sink.lines, r.lines);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(stores_what_was_meant),
	    cmocka_unit_test(stores_crlf),
	    cmocka_unit_test(ends_at_nothing_else),
	    cmocka_unit_test(leaves_what_follows),
	    cmocka_unit_test(counts_hops_in_the_header_section),
	    cmocka_unit_test(leaves_out_return_path),
	    cmocka_unit_test(takes_a_folded_first_line),
	    cmocka_unit_test(remembers_who_had_it),
	    cmocka_unit_test(takes_chunks),
	    cmocka_unit_test(agrees_with_the_reference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

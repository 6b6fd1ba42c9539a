#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../pop3d/letter.h"

#include <stdlib.h>
#include <string.h>

/* The letter as it goes out, written in blocks of `block` octets. */
static void
check(const char *stored, size_t block, const char *sent, uint64_t octets)
{
	size_t n = strlen(stored), length = 0;
	struct letter l;
	char out[1000];

	letter_begin(&l);
	for (size_t at = 0; at < n; at += block) {
		size_t size = n - at < block ? n - at : block;
		size_t written =
		    letter_write(&l, stored + at, size, out + length);

		assert_in_range(written, size, LETTER_ROOM(size));
		length += written;
	}
	length += letter_end(&l, out + length);
	assert_int_equal(length, strlen(sent));
	assert_memory_equal(out, sent, length);
	assert_int_equal(l.octets, octets);
	assert_int_equal(letter_octets(stored, n), octets);
}

static void
converts_at_any_cut(void **state)
{
	static const struct {
		const char *stored, *sent;
		uint64_t octets;
	} rows[] = {
	    {"", ".\r\n", 0},
	    {"\n", "\r\n.\r\n", 2},
	    {"a: b\n\nc\n", "a: b\r\n\r\nc\r\n.\r\n", 11},
	    {".\n..\n.a\nb.\n", "..\r\n...\r\n..a\r\nb.\r\n.\r\n", 15},
	    {"no end", "no end\r\n.\r\n", 8},
	    {"a\r\nb\r\n", "a\r\nb\r\n.\r\n", 6},
	    {"a\r", "a\r\n.\r\n", 3},
	    {"a\rb\n", "a\rb\r\n.\r\n", 5},
	    {"\r\r\n", "\r\r\n.\r\n", 3},
	    {".", "..\r\n.\r\n", 3},
	    {"\n\n.\n", "\r\n\r\n..\r\n.\r\n", 7},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (size_t block = 1; block < 13; block++)
			check(rows[i].stored, block, rows[i].sent,
			    rows[i].octets);
}

static void
counts_octets_beyond_32_bits(void **state)
{
	static char block[65536], out[LETTER_ROOM(sizeof(block))];
	struct letter l;

	(void)state;
	memset(block, 'x', sizeof(block));
	block[sizeof(block) - 1] = '\n';
	letter_begin(&l);
	l.octets = UINT64_C(0xffffffff);
	letter_write(&l, block, sizeof(block), out);
	assert_true(l.octets == UINT64_C(0xffffffff) + sizeof(block) + 1);
}

static void
check_top(const char *stored, uint64_t lines, size_t block, size_t expected)
{
	size_t n = strlen(stored), length = 0;
	struct letter_top t;

	letter_top_begin(&t, lines);
	for (size_t at = 0; at < n && !t.is_done; at += block) {
		size_t size = n - at < block ? n - at : block;
		size_t cut = letter_top_cut(&t, stored + at, size);

		if (!t.is_done)
			assert_int_equal(cut, size);
		length += cut;
	}
	assert_int_equal(length, expected);
}

static void
cuts_for_top(void **state)
{
	static const struct {
		const char *stored;
		uint64_t lines;
		size_t expected;
	} rows[] = {
	    {"a: b\n\nc\nd\n", 0, 6},
	    {"a: b\n\nc\nd\n", 1, 8},
	    {"a: b\n\nc\nd\n", 2, 10},
	    {"a: b\n\nc\nd\n", UINT64_MAX, 10},
	    {"a: b\n\n\n\n", 1, 7},
	    {"a: b\r\n\r\nc\r\nd\r\n", 0, 8},
	    {"a: b\r\n\r\nc\r\nd\r\n", 1, 11},
	    {"a: b\n", 0, 5},
	    {"a: b", 3, 4},
	    {"\nc\nd\n", 1, 3},
	    {"", 1, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (size_t block = 1; block < 16; block++)
			check_top(rows[i].stored, rows[i].lines, block,
			    rows[i].expected);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(converts_at_any_cut),
	    cmocka_unit_test(counts_octets_beyond_32_bits),
	    cmocka_unit_test(cuts_for_top),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

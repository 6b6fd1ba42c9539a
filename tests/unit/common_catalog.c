#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "catalog.h"

#include <stdio.h>
#include <string.h>

#define ROW  192
#define ROWS 20

static void
make_letter(uint32_t i, struct mailbox_letter *l)
{
	*l = (struct mailbox_letter){.octets = 100 + i, .size = 90 + i};
	snprintf(l->file, sizeof(l->file), "new/17%u.host,S=%u", i, 90 + i);
	snprintf(
	    l->uidl, sizeof(l->uidl), i % 2 == 0 ? "17%u.host" : "own-%u", i);
}

static void
make_rows(char rows[ROWS][ROW], uint32_t first)
{
	struct mailbox_letter l;

	for (uint32_t i = 0; i < ROWS; i++) {
		make_letter(first + i, &l);
		assert_int_equal(catalog_put(rows[i], ROW, first + i, &l), 0);
	}
}

static void
reads_what_a_list_needs(void **state)
{
	static char rows[ROWS][ROW];
	struct mailbox_letter wanted;
	const char *uidl;
	uint64_t octets;
	size_t length;

	(void)state;
	make_rows(rows, 7);
	for (uint32_t i = 0; i < ROWS; i++) {
		make_letter(7 + i, &wanted);
		assert_int_equal(
		    catalog_octets(rows[i], ROW, 7 + i, &octets), 0);
		assert_int_equal(octets, wanted.octets);
		uidl = catalog_uidl(rows[i], ROW, 7 + i, &length);
		assert_non_null(uidl);
		assert_int_equal(length, strlen(wanted.uidl));
		assert_memory_equal(uidl, wanted.uidl, length);
	}
}

static void
reads_nothing_that_is_damaged(void **state)
{
	struct mailbox_letter l;
	uint64_t octets;
	char row[ROW];
	size_t length;

	(void)state;
	make_letter(1, &l);
	assert_int_equal(catalog_put(row, ROW, 1, &l), 0);
	for (uint32_t at = 0; at < ROW; at++) {
		row[at] ^= (char)(1 << at % 8);
		assert_null(catalog_uidl(row, ROW, 1, &length));
		assert_int_equal(catalog_octets(row, ROW, 1, &octets), -1);
		assert_int_equal(catalog_get(row, ROW, 1, &l), -1);
		row[at] ^= (char)(1 << at % 8);
	}
	assert_non_null(catalog_uidl(row, ROW, 1, &length));
	/* Where another row belongs. */
	assert_null(catalog_uidl(row, ROW, 2, &length));
	assert_int_equal(catalog_octets(row, ROW, 2, &octets), -1);
}

/* RFC 1939 7: 1 to 70 characters of 0x21 to 0x7E. */
static void
takes_what_may_be_a_uidl(void **state)
{
	struct mailbox_letter l = {.file = "new/1.host"};
	char row[ROW];

	(void)state;
	assert_int_equal(catalog_put(row, ROW, 1, &l), -1);
	for (size_t length = 1; length <= 70; length++) {
		memset(l.uidl, 'u', length);
		assert_int_equal(catalog_put(row, ROW, 1, &l), 0);
		for (int c = 1; c < 256; c++) {
			size_t at = (size_t)c * 37 % length;

			l.uidl[at] = (char)c;
			assert_int_equal(catalog_put(row, ROW, 1, &l),
			    c >= 0x21 && c <= 0x7e ? 0 : -1);
			l.uidl[at] = 'u';
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_what_a_list_needs),
	    cmocka_unit_test(reads_nothing_that_is_damaged),
	    cmocka_unit_test(takes_what_may_be_a_uidl),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

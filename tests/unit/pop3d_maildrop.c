#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../pop3d/maildrop.h"

#include "catalog.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ROW 192

static struct mailbox_session session = {.catalog = -1};

static void
make_letter(uint32_t i, struct mailbox_letter *l)
{
	memset(l, 0, sizeof(*l));
	l->octets = 100 + i;
	l->size = 90 + i;
	snprintf(l->file, sizeof(l->file),
	    "new/17%08u.M%uP1_0123456789abcdef.host,S=%u,W=%u", i, i, 90 + i,
	    100 + i);
	if (i % 3 == 0) /* as another server would have named it */
		snprintf(l->uidl, sizeof(l->uidl), "imported-%u", i);
	else
		snprintf(l->uidl, sizeof(l->uidl),
		    "17%08u.M%uP1_0123456789abcdef.host", i, i);
}

/* Opens a maildrop of so many letters. */
static void
open_box(struct maildrop *m, uint32_t count)
{
	struct mailbox_letter l;
	char row[ROW];

	session.catalog = memfd_create("catalog", MFD_CLOEXEC);
	assert_int_not_equal(session.catalog, -1);
	session.row = ROW;
	session.count = count;
	session.octets = 0;
	for (uint32_t i = 0; i < count; i++) {
		make_letter(i, &l);
		session.octets += l.octets;
		assert_int_equal(catalog_put(row, ROW, i, &l), 0);
		assert_int_equal(catalog_store(session.catalog, row, ROW,
				     catalog_offset(ROW, i)),
		    0);
	}
	maildrop_init(m);
	maildrop_open(m, &session);
	assert_int_equal(m->count, count);
	assert_int_equal(m->left, count);
}

static int
close_box(void **state)
{
	(void)state;
	close(session.catalog);
	return 0;
}

static void
check_letter(struct maildrop *m, uint32_t n)
{
	struct mailbox_letter wanted, found;
	uint64_t octets, size;
	const char *uidl;
	size_t length;

	make_letter(n - 1, &wanted);
	assert_int_equal(maildrop_get(m, n, &found), 0);
	assert_string_equal(found.file, wanted.file);
	assert_string_equal(found.uidl, wanted.uidl);
	assert_int_equal(found.size, wanted.size);
	assert_int_equal(found.octets, wanted.octets);
	assert_int_equal(maildrop_octets(m, n, &octets), 0);
	assert_int_equal(octets, wanted.octets);
	uidl = maildrop_uidl(m, n, &length);
	assert_non_null(uidl);
	assert_int_equal(length, strlen(wanted.uidl));
	assert_memory_equal(uidl, wanted.uidl, length);
	assert_string_equal(maildrop_file(m, n, &size), wanted.file);
	assert_int_equal(size, wanted.size);
}

static void
shows_what_is_in_the_catalog(void **state)
{
	struct maildrop m;

	(void)state;
	open_box(&m, 1000);
	for (uint32_t n = 1; n <= 1000; n++)
		check_letter(&m, n);
	for (uint32_t n = 1000; n >= 1; n--)
		check_letter(&m, n);
	for (uint32_t n = 1; n <= 1000; n += 7)
		check_letter(&m, n * 613 % 1000 + 1);
	assert_int_equal(m.octets, 100 * 1000 + 999 * 1000 / 2);
	maildrop_free(&m);
	maildrop_free(&m);
}

static void
has_those_ahead_at_hand(void **state)
{
	const char *files[MAILDROP_AHEAD + 1];
	struct mailbox_letter l;
	struct maildrop m;
	uint64_t size;

	(void)state;
	open_box(&m, 300);
	for (uint32_t n = 1; n + MAILDROP_AHEAD <= 300; n++) {
		assert_int_equal(maildrop_get(&m, n, &l), 0);
		for (uint32_t i = 0; i <= MAILDROP_AHEAD; i++)
			files[i] = maildrop_file(&m, n + i, &size);
		for (uint32_t i = 0; i <= MAILDROP_AHEAD; i++) {
			make_letter(n + i - 1, &l);
			assert_string_equal(files[i], l.file);
		}
	}
	maildrop_free(&m);
}

static void
a_damaged_row_is_never_shown(void **state)
{
	char files[10][WIRE_FILE_MAX];
	struct mailbox_letter l;
	struct maildrop m;
	uint64_t octets;
	uint32_t at = 1;
	size_t length;
	char octet;

	(void)state;
	for (int i = 0; i < ROW; i++) {
		int64_t where = catalog_offset(ROW, 4) + i;

		open_box(&m, 10);
		assert_int_equal(pread(session.catalog, &octet, 1, where), 1);
		octet ^= (char)(1 << i % 8);
		assert_int_equal(pwrite(session.catalog, &octet, 1, where), 1);
		assert_int_equal(maildrop_get(&m, 4, &l), 0);
		assert_false(m.is_damaged);
		assert_int_equal(maildrop_get(&m, 5, &l), -1);
		assert_true(m.is_damaged);
		assert_int_equal(maildrop_octets(&m, 5, &octets), -1);
		assert_null(maildrop_uidl(&m, 5, &length));
		assert_null(maildrop_file(&m, 5, &octets));
		assert_int_equal(maildrop_mark(&m, 5), -1);
		assert_int_equal(errno, EIO);
		assert_true(maildrop_has(&m, 5));
		maildrop_free(&m);
		close(session.catalog);
	}
	/* A row that lies where another one belongs. */
	open_box(&m, 10);
	make_letter(2, &l);
	{
		char row[ROW];

		assert_int_equal(catalog_put(row, ROW, 2, &l), 0);
		assert_int_equal(catalog_store(session.catalog, row, ROW,
				     catalog_offset(ROW, 6)),
		    0);
	}
	assert_int_equal(maildrop_mark(&m, 6), 0);
	assert_int_equal(maildrop_get(&m, 7, &l), -1);
	/* Nor does the end of the file make letters. */
	assert_int_equal(ftruncate(session.catalog, catalog_offset(ROW, 5)), 0);
	free(m.rows);
	m.rows = NULL;
	m.held = 0;
	assert_int_equal(maildrop_get(&m, 6, &l), -1);
	assert_int_equal(maildrop_marked(&m, &at, files, 10), -1);
	maildrop_free(&m);
}

static void
an_empty_one_has_nothing(void **state)
{
	char files[10][WIRE_FILE_MAX];
	struct maildrop m;
	uint32_t at = 1;

	(void)state;
	open_box(&m, 0);
	assert_false(maildrop_has(&m, 0));
	assert_false(maildrop_has(&m, 1));
	assert_false(maildrop_has(&m, UINT64_C(1) << 32));
	maildrop_reset(&m);
	assert_int_equal(maildrop_marked(&m, &at, files, 10), 0);
	maildrop_free(&m);
}

static void
counts_marks(void **state)
{
	struct maildrop m;

	(void)state;
	open_box(&m, 20);
	assert_int_equal(m.octets, 20 * 100 + 190);
	assert_int_equal(maildrop_mark(&m, 1), 0);
	assert_int_equal(maildrop_mark(&m, 8), 0);
	assert_int_equal(maildrop_mark(&m, 9), 0);
	assert_int_equal(maildrop_mark(&m, 20), 0);
	for (uint32_t n = 1; n <= 20; n++)
		assert_int_equal(
		    maildrop_has(&m, n), n != 1 && n != 8 && n != 9 && n != 20);
	/* 4294967297 is no letter 1. */
	assert_false(maildrop_has(&m, (UINT64_C(1) << 32) + 2));
	assert_int_equal(m.left, 16);
	assert_int_equal(m.octets, 2190 - 100 - 107 - 108 - 119);
	maildrop_reset(&m);
	assert_int_equal(m.left, 20);
	assert_int_equal(m.octets, 2190);
	assert_true(maildrop_has(&m, 8));
	maildrop_free(&m);
}

static void
names_what_is_marked(void **state)
{
	char files[3][WIRE_FILE_MAX];
	struct mailbox_letter l;
	struct maildrop m;
	uint32_t at = 1, n = 0;
	int got;

	(void)state;
	open_box(&m, 200);
	for (uint32_t i = 10; i <= 200; i += 10)
		assert_int_equal(maildrop_mark(&m, i), 0);
	while ((got = maildrop_marked(&m, &at, files, 3)) > 0)
		for (int i = 0; i < got; i++) {
			make_letter(++n * 10 - 1, &l);
			assert_string_equal(files[i], l.file);
		}
	assert_int_equal(got, 0);
	assert_int_equal(n, 20);
	maildrop_free(&m);
}

/* Hides letters by a bit pattern, up to the last one asked about. */
struct choice {
	uint32_t asked, last;
	int (*hides)(uint32_t i);
};

static enum maildrop_choice
choose(void *arg, const struct mailbox_letter *l)
{
	struct choice *c = arg;
	struct mailbox_letter wanted;
	uint32_t i = c->asked++;

	make_letter(i, &wanted);
	assert_string_equal(l->uidl, wanted.uidl);
	if (c->hides(i))
		return MAILDROP_HIDE;
	return i == c->last ? MAILDROP_REST : MAILDROP_SHOW;
}

static int
is_every_third(uint32_t i)
{
	return i % 3 == 1;
}

static int
is_early(uint32_t i)
{
	return i < 10;
}

static int
is_any(uint32_t i)
{
	(void)i;
	return 1;
}

static int
is_none(uint32_t i)
{
	(void)i;
	return 0;
}

static void
check_shown(struct maildrop *m, uint32_t rows, int (*hides)(uint32_t i))
{
	struct mailbox_letter wanted, l;
	uint64_t octets = 0, size;
	uint32_t n = 0;
	const char *file;

	for (uint32_t i = 0; i < rows; i++) {
		if (hides(i))
			continue;
		make_letter(i, &wanted);
		octets += wanted.octets;
		assert_true(maildrop_has(m, ++n));
		assert_int_equal(maildrop_get(m, n, &l), 0);
		assert_string_equal(l.uidl, wanted.uidl);
		assert_string_equal(maildrop_file(m, n, &size), wanted.file);
		/* One that is not at hand is no damage. */
		file =
		    n + 20 <= m->count ? maildrop_file(m, n + 20, &size) : NULL;
		assert_true(file == NULL || strcmp(file, wanted.file) > 0);
	}
	assert_false(m->is_damaged);
	assert_int_equal(m->count, n);
	assert_int_equal(m->left, n);
	assert_int_equal(m->octets, octets);
	assert_false(maildrop_has(m, n + 1));
}

static void
hides_letters_without_gaps(void **state)
{
	char files[3][WIRE_FILE_MAX];
	struct choice all = {.last = UINT32_MAX, .hides = is_every_third};
	struct mailbox_letter l;
	struct maildrop m;
	uint32_t at = 1;

	(void)state;
	open_box(&m, 200);
	assert_int_equal(maildrop_hide(&m, choose, &all), 0);
	assert_int_equal(all.asked, 200);
	check_shown(&m, 200, is_every_third);
	assert_int_equal(maildrop_mark(&m, 2), 0);
	assert_int_equal(maildrop_marked(&m, &at, files, 3), 1);
	make_letter(2, &l);
	assert_string_equal(files[0], l.file);
	maildrop_reset(&m);
	check_shown(&m, 200, is_every_third);
	maildrop_free(&m);
}

static void
asks_no_further_than_it_must(void **state)
{
	struct choice early = {.last = 10, .hides = is_early};
	struct choice none = {.last = 0, .hides = is_none};
	struct choice any = {.last = UINT32_MAX, .hides = is_any};
	struct maildrop m;

	(void)state;
	open_box(&m, 100);
	assert_int_equal(maildrop_hide(&m, choose, &none), 0);
	assert_int_equal(none.asked, 1);
	check_shown(&m, 100, is_none);
	assert_int_equal(maildrop_hide(&m, choose, &early), 0);
	assert_int_equal(early.asked, 11);
	check_shown(&m, 100, is_early);
	maildrop_free(&m);
	close(session.catalog);
	open_box(&m, 5);
	assert_int_equal(maildrop_hide(&m, choose, &any), 0);
	check_shown(&m, 5, is_any);
	maildrop_free(&m);
}

#define TEST(f) cmocka_unit_test_teardown(f, close_box)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(shows_what_is_in_the_catalog),
	    TEST(has_those_ahead_at_hand),
	    TEST(a_damaged_row_is_never_shown),
	    TEST(an_empty_one_has_nothing),
	    TEST(counts_marks),
	    TEST(names_what_is_marked),
	    TEST(hides_letters_without_gaps),
	    TEST(asks_no_further_than_it_must),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../pop3d/maildrop.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The mailbox that the faked stub shows. */
static uint32_t letters, fail_at;

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

enum mailbox_result
mailbox_list(struct mailbox_session *s, uint32_t from,
    struct mailbox_letter *page, unsigned max, unsigned *got, int64_t deadline)
{
	(void)s;
	(void)deadline;
	*got = 0;
	if (fail_at > 0 && from >= fail_at)
		return MAILBOX_TEMPORARY;
	/* A page may be full before max is reached. */
	if (max > 50)
		max = 50;
	for (; *got < max && from + *got < letters; ++*got)
		make_letter(from + *got, &page[*got]);
	return MAILBOX_OK;
}

static void
load(struct maildrop *m, uint32_t count)
{
	struct mailbox_session s = {0};

	letters = count;
	fail_at = 0;
	maildrop_init(m);
	assert_int_equal(maildrop_load(m, &s, 1000), MAILBOX_OK);
	assert_int_equal(m->count, count);
	assert_int_equal(m->left, count);
}

static void
keeps_what_was_listed(void **state)
{
	struct mailbox_letter wanted, found;
	struct maildrop m;
	const char *uidl;
	size_t length;

	(void)state;
	load(&m, 1000);
	for (uint32_t n = 1; n <= 1000; n++) {
		make_letter(n - 1, &wanted);
		maildrop_get(&m, n, &found);
		assert_string_equal(found.file, wanted.file);
		assert_string_equal(found.uidl, wanted.uidl);
		assert_int_equal(found.size, wanted.size);
		assert_int_equal(found.octets, wanted.octets);
		assert_int_equal(maildrop_octets(&m, n), wanted.octets);
		uidl = maildrop_uidl(&m, n, &length);
		assert_int_equal(length, strlen(wanted.uidl));
		assert_memory_equal(uidl, wanted.uidl, length);
	}
	assert_int_equal(m.octets, 100 * 1000 + 999 * 1000 / 2);
	maildrop_free(&m);
	maildrop_free(&m);
}

static void
holds_a_hundred_thousand(void **state)
{
	struct maildrop m;

	(void)state;
	load(&m, 100000);
	assert_true(maildrop_has(&m, 100000));
	assert_false(maildrop_has(&m, 100001));
	/* 24 octets a letter and its names, and nothing held in advance. */
	assert_int_equal(m.capacity, m.count);
	assert_int_equal(m.names_capacity, m.names_length);
	assert_true(m.names_length < 100000 * 70);
	maildrop_free(&m);
}

static void
is_empty_after_a_failure(void **state)
{
	struct mailbox_session s = {0};
	struct maildrop m;

	(void)state;
	letters = 1000;
	fail_at = 500;
	maildrop_init(&m);
	assert_int_equal(maildrop_load(&m, &s, 1000), MAILBOX_TEMPORARY);
	assert_int_equal(m.count, 0);
	assert_null(m.letters);
}

static void
an_empty_one_has_nothing(void **state)
{
	const char *files[10];
	struct maildrop m;
	uint32_t at = 1;

	(void)state;
	load(&m, 0);
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
	load(&m, 20);
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
	struct mailbox_letter l;
	const char *files[3];
	struct maildrop m;
	uint32_t at = 1, n = 0, got;

	(void)state;
	load(&m, 100);
	for (uint32_t i = 10; i <= 100; i += 10)
		maildrop_mark(&m, i);
	while ((got = maildrop_marked(&m, &at, files, 3)) > 0)
		for (uint32_t i = 0; i < got; i++) {
			make_letter(++n * 10 - 1, &l);
			assert_string_equal(files[i], l.file);
		}
	assert_int_equal(n, 10);
	maildrop_free(&m);
}

static void
refuses_sizes_that_cannot_be(void **state)
{
	struct mailbox_letter l;
	struct maildrop m;

	(void)state;
	maildrop_init(&m);
	make_letter(1, &l);
	l.octets = l.size = UINT64_C(5) << 32;
	assert_int_equal(maildrop_add(&m, &l), 0);
	assert_true(maildrop_octets(&m, 1) == UINT64_C(5) << 32);
	l.size = UINT64_MAX;
	assert_int_equal(maildrop_add(&m, &l), -1);
	assert_int_equal(errno, EOVERFLOW);
	l.size = 1;
	l.octets = UINT64_MAX;
	assert_int_equal(maildrop_add(&m, &l), -1);
	assert_int_equal(errno, EOVERFLOW);
	assert_int_equal(m.count, 1);
	maildrop_free(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keeps_what_was_listed),
	    cmocka_unit_test(holds_a_hundred_thousand),
	    cmocka_unit_test(is_empty_after_a_failure),
	    cmocka_unit_test(an_empty_one_has_nothing),
	    cmocka_unit_test(counts_marks),
	    cmocka_unit_test(names_what_is_marked),
	    cmocka_unit_test(refuses_sizes_that_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

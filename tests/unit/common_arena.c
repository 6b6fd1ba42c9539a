#include "arena.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
takes_nothing_until_asked(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 100);
	assert_int_equal(a.used, 0);
	arena_reset(&a);
}

static void
pieces_are_zeroed_aligned_and_apart(void **state)
{
	struct arena a;
	unsigned char *p, *last = NULL;
	size_t size, i;

	(void)state;
	arena_init(&a, 1 << 20);
	for (size = 0; size < 600; size++) {
		p = arena_alloc(&a, size);
		assert_non_null(p);
		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, size);
		if (last != NULL)
			assert_int_equal(last[0], 0xff);
		last = size > 0 ? p : NULL;
	}
	assert_true(a.used <= a.limit);
	arena_reset(&a);
	assert_int_equal(a.used, 0);
}

static void
never_passes_its_limit(void **state)
{
	struct arena a;
	size_t n = 0;

	(void)state;
	arena_init(&a, 5000);
	assert_null(arena_alloc(&a, 5000));
	assert_int_equal(errno, ENOMEM);
	while (arena_alloc(&a, 16) != NULL)
		n++;
	assert_int_equal(errno, ENOMEM);
	assert_true(a.used <= 5000);
	assert_true(n > 250);
	arena_reset(&a);
	assert_non_null(arena_alloc(&a, 4000));
	arena_reset(&a);
}

static void
absurd_sizes_fail(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, SIZE_MAX);
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_null(arena_alloc(&a, SIZE_MAX - 20));
	assert_null(arena_strndup(&a, "", SIZE_MAX));
	assert_int_equal(errno, ENOMEM);
	arena_reset(&a);
	arena_init(&a, 0);
	assert_null(arena_alloc(&a, 0));
}

static void
a_large_piece_wastes_no_room(void **state)
{
	struct arena a;
	char *first, *second;
	size_t used;

	(void)state;
	arena_init(&a, 1 << 20);
	first = arena_alloc(&a, 16);
	assert_non_null(arena_alloc(&a, 100000));
	used = a.used;
	second = arena_alloc(&a, 16);
	assert_ptr_equal(second, first + 16);
	assert_int_equal(a.used, used);
	arena_reset(&a);
}

static void
texts_are_copied(void **state)
{
	struct arena a;
	char *whole, *part, *made;

	(void)state;
	arena_init(&a, 1 << 20);
	whole = arena_strdup(&a, "maildrop");
	part = arena_strndup(&a, "maildrop", 4);
	made = arena_printf(&a, "<%s@%s> %0100d", "user", "example.org", 7);
	assert_string_equal(whole, "maildrop");
	assert_string_equal(part, "mail");
	assert_int_equal(strlen(made), 119);
	assert_memory_equal(made, "<user@example.org> 0", 20);
	arena_reset(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takes_nothing_until_asked),
	    cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
	    cmocka_unit_test(never_passes_its_limit),
	    cmocka_unit_test(absurd_sizes_fail),
	    cmocka_unit_test(a_large_piece_wastes_no_room),
	    cmocka_unit_test(texts_are_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../smtpd/body.h"

#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Adds octets until there is no room or `count` were added; how many. */
static size_t
fill(struct body *b, size_t count)
{
	size_t at = 0, room;

	while (at < count && (room = body_room(b, 0)) > 0) {
		if (room > count - at)
			room = count - at;
		for (size_t i = 0; i < room; i++)
			body_end(b)[i] = (char)((body_size(b) + i) % 251);
		body_add(b, room);
		at += room;
	}
	return at;
}

static void
holds_small_ones_in_memory(void **state)
{
	struct body b;

	(void)state;
	body_init(&b);
	assert_null(b.memory);
	assert_int_equal(fill(&b, WIRE_INLINE_MAX), WIRE_INLINE_MAX);
	assert_false(body_must_spill(&b));
	assert_int_equal(body_room(&b, 0) > 0, 1);
	assert_int_equal(fill(&b, 1), 1);
	assert_true(body_must_spill(&b));
	body_free(&b);
	body_free(&b);
	assert_int_equal(body_size(&b), 0);
}

static void
takes_a_hint(void **state)
{
	struct body b;

	(void)state;
	body_init(&b);
	assert_true(body_room(&b, 0) < WIRE_INLINE_MAX);
	body_free(&b);
	assert_true(body_room(&b, UINT64_MAX) >= WIRE_INLINE_MAX);
	body_free(&b);
}

static void
spills_large_ones(void **state)
{
	enum { SIZE = 3 * WIRE_INLINE_MAX + 77 };
	size_t added = 0;
	char *back = malloc(SIZE);
	struct body b;

	(void)state;
	assert_non_null(back);
	body_init(&b);
	while ((added += fill(&b, SIZE - added)) < SIZE) {
		assert_int_equal(errno, 0);
		assert_true(body_must_spill(&b));
		if (b.spool == -1)
			b.spool = memfd_create("spool", MFD_CLOEXEC);
		assert_int_equal(body_spill(&b), 0);
		assert_false(body_must_spill(&b));
	}
	assert_true(body_must_spill(&b));
	assert_int_equal(body_spill(&b), 0);
	assert_int_equal(body_size(&b), SIZE);
	assert_int_equal(pread(b.spool, back, SIZE, 0), SIZE);
	for (size_t i = 0; i < SIZE; i++)
		assert_int_equal((unsigned char)back[i], i % 251);
	body_free(&b);
	assert_int_equal(b.spool, -1);
	free(back);
}

static void
says_when_the_spool_is_full(void **state)
{
	struct body b;

	(void)state;
	body_init(&b);
	fill(&b, 100);
	b.spool = open("/dev/full", O_WRONLY | O_CLOEXEC);
	assert_int_not_equal(b.spool, -1);
	assert_int_equal(body_spill(&b), -1);
	assert_int_equal(errno, ENOSPC);
	body_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(holds_small_ones_in_memory),
	    cmocka_unit_test(takes_a_hint),
	    cmocka_unit_test(spills_large_ones),
	    cmocka_unit_test(says_when_the_spool_is_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

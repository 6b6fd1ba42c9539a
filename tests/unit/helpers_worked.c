/* Tests of helpers/worked.c. */
#include "../../helpers/worked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static int file;

/* What stands in the file. */
static void
assert_told(uint32_t total, uint32_t done)
{
	uint32_t numbers[2];

	assert_int_equal(
	    pread(file, numbers, sizeof(numbers), 0), sizeof(numbers));
	assert_int_equal(numbers[0], total);
	assert_int_equal(numbers[1], done);
}

static void
test_numbers(void **state)
{
	struct worked ann, bob, *w;

	(void)state;
	file = memfd_create("worked", 0);
	worked_watch(&ann, "a.org/ann", dup(file));
	worked_watch(&bob, "a.org/bob", -1);
	assert_null(worked_begin("a.org/eve", 10));
	assert_null(worked_begin("a.org/bob", 10));
	assert_null(worked_begin("a.org/ann", 0));
	worked_step(NULL);
	w = worked_begin("a.org/ann", 40);
	assert_ptr_equal(w, &ann);
	assert_told(40, 0);
	for (int i = 0; i < 33; i++)
		worked_step(w);
	assert_told(40, 32);
	for (int i = 33; i < 40; i++)
		worked_step(w);
	assert_told(0, 0);
	worked_ignore(&bob);
	assert_ptr_equal(worked_begin("a.org/ann", 1), &ann);
	assert_told(1, 0);
	worked_ignore(&ann);
	assert_int_equal(ann.fd, -1);
	assert_null(worked_begin("a.org/ann", 1));
	close(file);
}

/* A pipe could make the helper wait. */
static void
test_other_descriptors(void **state)
{
	struct worked w;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	worked_watch(&w, "a.org/ann", ends[1]);
	assert_null(worked_begin("a.org/ann", 1));
	worked_ignore(&w);
	assert_int_equal(write(ends[1], "x", 1), -1);
	close(ends[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_numbers),
	    cmocka_unit_test(test_other_descriptors)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

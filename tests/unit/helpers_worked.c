/* Tests of helpers/worked.c. */
#include "../../helpers/worked.h"
#include "clock.h"
#include "fiber.h"
#include "worker.h"

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

/* What a fiber does that nobody watches. */
static void
work_beside(void *arg)
{
	struct worked other;

	(void)arg;
	assert_null(worked_begin(10));
	worked_watch(&other, -1);
	assert_null(worked_begin(10));
	worked_ignore(&other);
}

static void
numbers(void)
{
	struct fiber *beside;
	struct worked own, *w;

	file = memfd_create("worked", 0);
	worked_watch(&own, dup(file));
	assert_null(worked_begin(0));
	worked_step(NULL);
	w = worked_begin(40);
	assert_ptr_equal(w, &own);
	assert_told(40, 0);
	beside = fiber_start("beside", work_beside, NULL);
	assert_int_equal(fiber_join(&beside, CLOCK_NEVER), 0);
	for (int i = 0; i < 33; i++)
		worked_step(w);
	assert_told(40, 32);
	for (int i = 33; i < 40; i++)
		worked_step(w);
	assert_told(0, 0);
	assert_ptr_equal(worked_begin(1), &own);
	assert_told(1, 0);
	worked_ignore(&own);
	assert_int_equal(own.fd, -1);
	assert_null(worked_begin(1));
	close(file);
}

/* A pipe could make the helper wait. */
static void
other_descriptors(void)
{
	struct worked w;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	worked_watch(&w, ends[1]);
	assert_null(worked_begin(1));
	worked_ignore(&w);
	assert_int_equal(write(ends[1], "x", 1), -1);
	close(ends[0]);
}

static void
first_fiber(void *arg)
{
	(*(void (**)(void))arg)();
	worker_stop();
}

static void
test_numbers(void **state)
{
	void (*body)(void) = numbers;

	(void)state;
	assert_int_equal(worker_run(1, first_fiber, &body), 0);
}

static void
test_other_descriptors(void **state)
{
	void (*body)(void) = other_descriptors;

	(void)state;
	assert_int_equal(worker_run(1, first_fiber, &body), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_numbers),
	    cmocka_unit_test(test_other_descriptors)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "log_rate.h"

#include "clock.h"
#include "log.h"
#include "log_shared.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SECOND(n) (1000000 * CLOCK_SECOND + (n)*CLOCK_SECOND)

/* What is told to have been left out of event; all else must be none. */
static uint64_t
left_out(int64_t now, const char *event)
{
	struct log_rate_left left;
	uint64_t count = 0;
	size_t at = 0;

	if (!log_rate_is_due(now))
		return 0;
	while (log_rate_next(&at, &left)) {
		assert_string_equal(left.event, event);
		count += left.count;
	}
	return count;
}

static void
an_event_has_its_lines_a_second(void **state)
{
	(void)state;
	for (int second = 0; second < 3; second++)
		for (int i = 0; i < 10; i++)
			assert_int_equal(
			    log_rate_take("a", 4, SECOND(second)), i < 4);
	assert_true(log_rate_take("b", 4, SECOND(2)));
	assert_true(log_rate_take("a", 0, SECOND(2)));
	assert_int_equal(left_out(SECOND(2), "a"), 18);
}

/* Not in the second itself, and once. */
static void
what_was_left_out_is_told_once(void **state)
{
	(void)state;
	assert_int_equal(left_out(SECOND(9), "c"), 0);
	for (int i = 0; i < 6; i++)
		log_rate_take("c", 1, SECOND(10));
	assert_int_equal(left_out(SECOND(10), "c"), 0);
	assert_int_equal(left_out(SECOND(11), "c"), 5);
	assert_int_equal(left_out(SECOND(12), "c"), 0);
}

static void
events_beyond_the_table_have_no_limit(void **state)
{
	static char names[1100][8];
	int allowed = 0;

	(void)state;
	for (int i = 0; i < 1100; i++) {
		snprintf(names[i], sizeof(names[i]), "e%d", i);
		allowed += log_rate_take(names[i], 1, SECOND(20));
		allowed += log_rate_take(names[i], 1, SECOND(20));
	}
	assert_in_range(allowed, 1101, 2199);
	while (log_rate_is_due(SECOND(30)))
		;
}

static void *
take_many(void *arg)
{
	intptr_t taken = 0;

	(void)arg;
	for (int i = 0; i < 20000; i++)
		taken += log_rate_take("a", 500, SECOND(40));
	return (void *)taken;
}

static void
threads_share_the_count(void **state)
{
	struct log_rate_left left;
	pthread_t threads[4];
	uint64_t lost = 0;
	intptr_t sum = 0;
	size_t at = 0;
	void *taken;

	(void)state;
	while (log_rate_next(&at, &left))
		;
	for (int i = 0; i < 4; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, take_many, NULL), 0);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], &taken), 0);
		sum += (intptr_t)taken;
	}
	at = 0;
	while (log_rate_next(&at, &left))
		lost += left.count;
	assert_int_equal(sum, 500);
	assert_int_equal(lost, 4 * 20000 - 500);
}

/* In a child of a parent that shares its settings: the exit code tells. */
static int
follow(int from_parent, int to_parent)
{
	char c;

	log_follow();
	log_set_level(LEVEL_ERROR);
	log_set_rate(7);
	if (log_shared_level() != LEVEL_INFO || log_shared_rate() != 0)
		return 1; /* it could change what is its parent's */
	if (write(to_parent, "x", 1) != 1 || read(from_parent, &c, 1) != 1)
		return 2;
	return log_shared_level() == LEVEL_DEBUG &&
		       log_shared_format() == LOG_AS_JSON &&
		       log_shared_rate() == 3
		   ? 0
		   : 3;
}

static void
a_child_sees_what_its_parent_sets(void **state)
{
	int down[2], up[2], status;
	pid_t pid;
	char c;

	(void)state;
	assert_int_equal(pipe2(down, O_CLOEXEC), 0);
	assert_int_equal(pipe2(up, O_CLOEXEC), 0);
	assert_int_equal(log_share(), 0);
	assert_int_equal(log_share(), 0);
	if ((pid = fork()) == 0)
		_exit(follow(down[0], up[1]));
	assert_int_equal(read(up[0], &c, 1), 1);
	log_set_level(LEVEL_DEBUG);
	log_set_format(LOG_AS_JSON);
	log_set_rate(3);
	assert_int_equal(write(down[1], "x", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	log_set_level(LEVEL_INFO);
	log_set_format(LOG_AS_KEY_VALUE);
	log_set_rate(0);
	assert_int_equal(status, 0);
	for (int i = 0; i < 2; i++) {
		close(down[i]);
		close(up[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_event_has_its_lines_a_second),
	    cmocka_unit_test(what_was_left_out_is_told_once),
	    cmocka_unit_test(events_beyond_the_table_have_no_limit),
	    cmocka_unit_test(threads_share_the_count),
	    cmocka_unit_test(a_child_sees_what_its_parent_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

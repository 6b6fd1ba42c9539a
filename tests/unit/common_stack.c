/* Stacks: the cache, the guard, what is given back. */

#include "sanitize.h"
#include "stack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define KIB	((size_t)1024)
#define DEFAULT (128 * KIB)

static void
test_cache_is_used(void **state)
{
	struct stack_cache c = {0};
	struct stack *a, *b;

	(void)state;
	assert_non_null(a = stack_get(&c));
	assert_non_null(b = stack_get(&c));
	assert_ptr_not_equal(a, b);
	stack_put(&c, a);
	assert_int_equal(c.idle, 1);
	assert_ptr_equal(stack_get(&c), a);
	assert_int_equal(c.idle, 0);
	stack_put(&c, a);
	stack_put(&c, b);
	stack_shrink(&c, 1);
	assert_int_equal(c.idle, 0);
	assert_null(c.free);
}

/* Half of what lay idle all the time since last time. */
static void
test_cache_shrinks_by_use(void **state)
{
	enum { MANY = 16 };
	struct stack_cache c = {0};
	struct stack *s[MANY];
	int i;

	(void)state;
	for (i = 0; i < MANY; i++)
		assert_non_null(s[i] = stack_get(&c));
	for (i = 0; i < MANY; i++)
		stack_put(&c, s[i]);
	stack_shrink(&c, 0); /* in use until just now: nothing was idle */
	assert_int_equal(c.idle, MANY);
	for (i = 0; i < MANY / 2; i++)
		s[i] = stack_get(&c);
	for (i = 0; i < MANY / 2; i++)
		stack_put(&c, s[i]);
	stack_shrink(&c, 0); /* eight were never needed */
	assert_int_equal(c.idle, 12);
	stack_shrink(&c, 0);
	assert_int_equal(c.idle, 6);
	for (i = 0; i < 4; i++)
		stack_shrink(&c, 0);
	assert_int_equal(c.idle, 0);
}

static size_t
size_after(size_t set)
{
	struct stack_cache c = {0};
	struct stack *s;
	size_t size;

	stack_set_size(set);
	assert_non_null(s = stack_get(&c));
	size = s->size + sizeof(*s);
	/* All of it can be written. */
	memset(s->bottom, 1, s->size);
	stack_put(&c, s);
	stack_shrink(&c, 1);
	stack_set_size(DEFAULT);
	return size;
}

static void
test_size_is_bounded(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	(void)state;
	assert_int_equal(size_after(0), 16 * KIB);
	assert_int_equal(size_after(KIB * KIB * KIB), 8 * KIB * KIB);
	assert_int_equal(size_after(20 * KIB + 1) % page, 0);
	assert_true(size_after(20 * KIB + 1) > 20 * KIB);
}

static void
test_memory_runs_out(void **state)
{
	struct rlimit all, little = {0, 0};
	struct stack_cache c = {0};

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_AS, &all), 0);
	little.rlim_max = all.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_AS, &little), 0);
	assert_null(stack_get(&c));
	assert_int_equal(errno, ENOMEM);
	assert_int_equal(setrlimit(RLIMIT_AS, &all), 0);
}

static size_t
resident(const struct stack *s)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), pages, n = 0, i;
	unsigned char in[DEFAULT / KIB];

	pages = (s->size + page - 1) / page;
	assert_int_equal(mincore(s->bottom, s->size, in), 0);
	for (i = 0; i < pages; i++)
		n += in[i] & 1;
	return n * page;
}

static void
test_trim_gives_back(void **state)
{
	struct stack_cache c = {0};
	struct stack *s;
	char *sp;

	(void)state;
	assert_non_null(s = stack_get(&c));
	memset(s->bottom, 1, s->size);
	assert_int_equal(resident(s), DEFAULT);
	sp = (char *)s->bottom + s->size - 10 * KIB;
	stack_trim(s, sp);
	assert_in_range(resident(s), 10 * KIB, 16 * KIB);
	for (; sp < (char *)s->bottom + s->size; sp++)
		assert_int_equal(*sp, 1);
	stack_trim(s, s->bottom);
	stack_put(&c, s);
	stack_shrink(&c, 1);
}

static unsigned
count_mappings(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned lines = 0;
	int c;

	assert_non_null(maps);
	while ((c = getc(maps)) != EOF)
		lines += c == '\n';
	fclose(maps);
	return lines;
}

/* What it says is what stacks take; neighbours may share one. */
static void
test_mappings_are_counted(void **state)
{
	enum { MANY = 200 };
	struct stack_cache c = {0};
	struct stack *s[MANY];
	unsigned i, before = count_mappings(), taken, each = stack_mappings();

	(void)state;
#ifdef SANITIZE_TSAN
	skip(); /* it makes mappings of its own, for what we map */
#endif
	assert_int_equal(count_mappings(), before);
	assert_in_range(each, 1, 2);
	for (i = 0; i < MANY; i++)
		assert_non_null(s[i] = stack_get(&c));
	taken = count_mappings() - before;
	assert_in_range(taken, each == 1 ? 0 : MANY * 3 / 2, MANY * each + 10);
	for (i = 0; i < MANY; i++)
		stack_put(&c, s[i]);
	stack_shrink(&c, 1);
	assert_in_range(count_mappings(), 0, before + 10);
}

/* Whether a child that does this dies of the signal. */
static int
dies(void (*deed)(struct stack_cache *, struct stack *), int of)
{
	struct stack_cache c = {0};
	struct stack *s;
	pid_t child;
	int status;

	if ((child = fork()) == 0) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
		signal(SIGSEGV, SIG_DFL);
		signal(SIGABRT, SIG_DFL);
		if ((s = stack_get(&c)) != NULL)
			deed(&c, s);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) && WTERMSIG(status) == of;
}

static void
write_below(struct stack_cache *c, struct stack *s)
{
	(void)c;
	((volatile char *)s->bottom)[-1] = 1;
}

static void
write_at_bottom(struct stack_cache *c, struct stack *s)
{
	(void)c;
	((volatile char *)s->bottom)[0] = 1;
}

static void
put_twice(struct stack_cache *c, struct stack *s)
{
	stack_put(c, s);
	stack_put(c, s);
}

static void
put_and_use_and_put(struct stack_cache *c, struct stack *s)
{
	stack_put(c, s);
	stack_put(c, stack_get(c));
}

static void
test_faults_are_caught(void **state)
{
	struct stack_cache c = {0};
	struct stack *s;
	char *bottom;

	(void)state;
	assert_true(dies(write_below, SIGSEGV));
	assert_false(dies(write_at_bottom, SIGSEGV));
	assert_true(dies(put_twice, SIGABRT));
	assert_false(dies(put_and_use_and_put, SIGABRT));
	assert_non_null(s = stack_get(&c));
	bottom = s->bottom;
	assert_true(stack_is_guard(s, bottom - 1));
	assert_false(stack_is_guard(s, bottom));
	assert_false(stack_is_guard(s, bottom - sysconf(_SC_PAGESIZE) - 1));
	stack_put(&c, s);
	stack_shrink(&c, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cache_is_used),
	    cmocka_unit_test(test_cache_shrinks_by_use),
	    cmocka_unit_test(test_size_is_bounded),
	    cmocka_unit_test(test_memory_runs_out),
	    cmocka_unit_test(test_trim_gives_back),
	    cmocka_unit_test(test_mappings_are_counted),
	    cmocka_unit_test(test_faults_are_caught),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

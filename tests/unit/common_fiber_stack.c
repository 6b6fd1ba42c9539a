/* Fibers' stacks: overflows, what a panic says, what sleepers give back. */

#include "clock.h"
#include "fiber.h"
#include "ring.h"
#include "sched.h"
#include "worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void (*test_body)(void);
static int test_worker; /* which one runs it */

static void
first_fiber(void *arg)
{
	(void)arg;
	if (worker_index() != test_worker)
		return;
	test_body();
	worker_stop();
}

/* ---- faults that must be caught ---- */

/* The asm keeps the compiler from making a loop of it. */
__attribute__((noinline)) static int
deeper(int depth)
{
	char frame[1024];
	int sum = 0;

	__asm__ volatile("" : : "r"(frame) : "memory");
	if (depth > 0)
		sum = deeper(depth - 1);
	__asm__ volatile("" : : "r"(frame) : "memory");
	return sum + 1;
}

static void
overflow(void *arg)
{
	(void)arg;
	assert_int_equal(deeper(1000000), 0);
}

static void
overflowing(void)
{
	fiber_spawn("too deep", overflow, NULL);
	fiber_yield();
}

static void
panicking(void *arg)
{
	(void)arg;
	fiber_shield(0);
}

static void
panics(void)
{
	fiber_spawn("in two minds", panicking, NULL);
	fiber_yield();
}

static void *forbidden;

static void
straying(void *arg)
{
	(void)arg;
	*(volatile char *)forbidden = 1;
}

static void
strays(void)
{
	forbidden =
	    mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fiber_spawn("astray", straying, NULL);
	fiber_yield();
}

/* As if it ran on after its end: nothing of it is left to be read. */
static void
losing_ground(void *arg)
{
	const struct stack *s = fiber_self()->stack;

	(void)arg;
	munmap(s->bottom, s->size + sizeof(*s));
}

static void
loses_ground(void)
{
	fiber_spawn("lost", losing_ground, NULL);
	fiber_yield();
}

static void
is_sent_one(void)
{
	raise(SIGBUS);
}

/* What a process says on standard error that does this, on the worker of that
 * number, and must die of it. */
static const char *
last_words(void (*body)(void), int worker)
{
	static const int ends[] = {SIGABRT, SIGSEGV, SIGBUS};
	static char said[4096];
	int out[2], status;
	size_t length = 0;
	ssize_t n;
	pid_t child;

	assert_int_equal(pipe(out), 0);
	if ((child = fork()) == 0) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
		dup2(out[1], STDERR_FILENO);
		/* cmocka's handlers would go on here. */
		for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
			signal(ends[i], SIG_DFL);
		test_body = body;
		test_worker = worker;
		worker_run((unsigned)worker + 1, first_fiber, NULL);
		_exit(0);
	}
	close(out[1]);
	while ((n = read(out[0], said + length, sizeof(said) - length - 1)) > 0)
		length += (size_t)n;
	said[length] = '\0';
	close(out[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	return said;
}

/* The sanitizers' own handlers say it in words of their own. */
#if !defined(SANITIZE_ASAN) && !defined(SANITIZE_TSAN)
#define SAID(said, words) assert_non_null(strstr(said, words))
#else
#define SAID(said, words) assert_non_null(said)
#endif

static void
test_overflow_is_caught(void **state)
{
	(void)state;
	SAID(last_words(overflowing, 0), "fiber \"too deep\" overflowed");
	SAID(last_words(overflowing, 1), "fiber \"too deep\" overflowed");
}

static void
test_fault_says_where(void **state)
{
	const char *said;
	char here[64];

	(void)state;
	snprintf(here, sizeof(here), " (%s+0x", program_invocation_short_name);
	for (int worker = 0; worker < 2; worker++) {
		said = last_words(strays, worker);
		SAID(said, "panic: signal 11 at 0x");
		SAID(said, here);
		SAID(said, "fiber \"astray\" was running");
	}
}

static void
test_fault_without_a_stack(void **state)
{
	(void)state;
	SAID(last_words(loses_ground, 1), "panic: signal 11 at 0x");
}

static void
test_sent_signal_ends_too(void **state)
{
	(void)state;
	SAID(last_words(is_sent_one, 0), "panic: signal 7 from process ");
	SAID(last_words(is_sent_one, 1), "panic: signal 7 from process ");
}

static void
test_panic_names_the_fiber(void **state)
{
	const char *said = last_words(panics, 0);

	(void)state;
	assert_non_null(strstr(said, "more shields off than on"));
	assert_non_null(strstr(said, "fiber=\"in two minds\""));
}

/* ---- a sleeper's stack ---- */

enum { DEPTH = 60, PAGES_MOST = 64 };

static void
use_and_sleep(void *arg)
{
	(void)arg;
	deeper(DEPTH); /* a KiB each and more */
	while (ring_wait(ring_self(), CLOCK_NEVER) == 0)
		;
}

static unsigned
resident_pages(const struct stack *s)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char in[PAGES_MOST];
	unsigned count = 0;

	assert_true(s->size <= PAGES_MOST * page);
	assert_int_equal(mincore(s->bottom, s->size, in), 0);
	for (size_t i = 0; i < s->size / page; i++)
		count += in[i] & 1;
	return count;
}

static void
sleeping(void)
{
	int64_t deadline = clock_after(30 * CLOCK_SECOND);
	struct fiber *f = fiber_start("sleeper", use_and_sleep, NULL);

	fiber_yield();
	assert_true(resident_pages(f->stack) >= 15);
	while (resident_pages(f->stack) > 4) {
		assert_true(clock_now() < deadline);
		ring_sleep(ring_self(), clock_after(50 * CLOCK_MILLISECOND));
	}
	fiber_cancel(f);
	assert_int_equal(fiber_join(&f, CLOCK_NEVER), 0);
}

static void
test_sleepers_give_stack_back(void **state)
{
	(void)state;
	test_body = sleeping;
	assert_int_equal(worker_run(1, first_fiber, NULL), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_overflow_is_caught),
	    cmocka_unit_test(test_fault_says_where),
	    cmocka_unit_test(test_fault_without_a_stack),
	    cmocka_unit_test(test_sent_signal_ends_too),
	    cmocka_unit_test(test_panic_names_the_fiber),
	    cmocka_unit_test(test_sleepers_give_stack_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

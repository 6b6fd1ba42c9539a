/*
 * portable -- fibers, switches, rings and ports, checked without a test library
 * so that it runs wherever the core does: under emulation too.  Exits with 1
 * where a check failed; the last line counts.
 */
#include "clock.h"
#include "fiber.h"
#include "port.h"
#include "ring.h"
#include "worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOON (30 * CLOCK_SECOND)

static _Atomic int failures;

#define CHECK(condition) check((condition), #condition, __LINE__)

static void
check(int good, const char *text, int line)
{
	if (good)
		return;
	failures++;
	printf("line %d, fiber %s: not %s\n", line, fiber_name(), text);
}

/* ---- switches ---- */

enum { LIVE = 24, TURNS = 500 };

/*
 * More integers and floating-point numbers live across a switch than there are
 * registers, so that each register that a callee keeps is in use.
 */
static void
keep_registers(void *arg)
{
	uint64_t seed = *(const int *)arg, n[LIVE];
	double d[LIVE];
	int i, turn, wrong = 0;

	for (i = 0; i < LIVE; i++) {
		n[i] = seed * 1000003 + (uint64_t)i;
		d[i] = (double)seed + i / 32.0;
	}
	for (turn = 0; turn < TURNS; turn++) {
#pragma GCC unroll 24
		for (i = 0; i < LIVE; i++) {
			n[i] = n[i] * 3 + 1;
			d[i] = d[i] + 0.5;
		}
		fiber_yield();
	}
	for (i = 0; i < LIVE; i++) {
		uint64_t whole = seed * 1000003 + (uint64_t)i;

		for (turn = 0; turn < TURNS; turn++)
			whole = whole * 3 + 1;
		wrong += n[i] != whole;
		wrong += d[i] != (double)seed + i / 32.0 + TURNS * 0.5;
	}
	CHECK(wrong == 0);
}

#if defined(__aarch64__) || defined(__x86_64__)
/*
 * Whether the registers that a callee keeps have this mark before and after a
 * switch: the compiler can't be trusted to use them all.
 */
#ifdef __aarch64__
#define MARKED_REGISTERS "x19", "x20", "x27", "x28", "d8", "d9", "d14", "d15"
#define MARK_ALL                                                  \
	"mov x19, %0\n mov x20, %0\n mov x27, %0\n mov x28, %0\n" \
	"fmov d8, %0\n fmov d9, %0\n fmov d14, %0\n fmov d15, %0\n"
#define SUM_ALL                                                             \
	"add %0, x19, x20\n add %0, %0, x27\n add %0, %0, x28\n"            \
	"fmov x19, d8\n add %0, %0, x19\n fmov x19, d9\n add %0, %0, x19\n" \
	"fmov x19, d14\n add %0, %0, x19\n fmov x19, d15\n add %0, %0, x19\n"
enum { MARKED = 8 };
#else
#define MARKED_REGISTERS "rbx", "r12", "r13", "r14", "r15"
#define MARK_ALL                                                          \
	"mov %0, %%rbx\n mov %0, %%r12\n mov %0, %%r13\n mov %0, %%r14\n" \
	"mov %0, %%r15\n"
#define SUM_ALL                                                           \
	"mov %%rbx, %0\n add %%r12, %0\n add %%r13, %0\n add %%r14, %0\n" \
	"add %%r15, %0\n"
enum { MARKED = 5 };
#endif

static void
keep_marks(void *arg)
{
	uint64_t mark = (uint64_t) * (const int *)arg << 20, sum;
	int turn;

	for (turn = 0; turn < TURNS; turn++) {
		__asm__ volatile(MARK_ALL : : "r"(mark) : MARKED_REGISTERS);
		fiber_yield();
		__asm__ volatile(SUM_ALL : "=&r"(sum) : : MARKED_REGISTERS);
		CHECK(sum == MARKED * mark);
	}
}
#else
#define keep_marks keep_registers
#endif

static void
switches(void)
{
	enum { FIBERS = 4 };
	static const int seeds[2 * FIBERS] = {1, 2, 3, 4, 5, 6, 7, 8};
	struct fiber *f[2 * FIBERS];
	int i;

	for (i = 0; i < 2 * FIBERS; i++)
		f[i] = fiber_start("registers",
		    i % 2 == 0 ? keep_registers : keep_marks,
		    (void *)(uintptr_t)&seeds[i]);
	for (i = 0; i < 2 * FIBERS; i++)
		CHECK(fiber_join(&f[i], clock_after(SOON)) == 0);
}

/* ---- fibers ---- */

static void
sleep_for_ever(void *arg)
{
	int *error = arg;

	while (ring_wait(ring_self(), CLOCK_NEVER) == 0)
		;
	*error = errno;
	fiber_shield(1);
	CHECK(ring_sleep(ring_self(), clock_after(CLOCK_MILLISECOND)) == 0);
	fiber_shield(0);
}

static void
cancel_and_join(void)
{
	enum { SLEEPERS = 100 };
	struct fiber *f[SLEEPERS];
	int errors[SLEEPERS] = {0}, i;

	for (i = 0; i < SLEEPERS; i++)
		f[i] = fiber_start("sleeper", sleep_for_ever, &errors[i]);
	CHECK(fiber_join(&f[0], clock_after(CLOCK_MILLISECOND)) == -1);
	CHECK(errno == ETIMEDOUT);
	for (i = 0; i < SLEEPERS; i++)
		fiber_cancel(f[i]);
	for (i = 0; i < SLEEPERS; i++) {
		CHECK(fiber_join(&f[i], clock_after(SOON)) == 0);
		CHECK(errors[i] == ECANCELED);
	}
}

/* ---- rings ---- */

static void
poll_for_both(void)
{
	struct ring r;
	struct pollfd p = {.events = POLLIN};
	int pair[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
	p.fd = pair[0];
	ring_init(&r);
	CHECK(ring_poll(&r, &p, 1, clock_after(CLOCK_MILLISECOND)) == -1);
	CHECK(errno == ETIMEDOUT);
	ring_notify(&r);
	CHECK(ring_poll(&r, &p, 1, clock_after(SOON)) == 0);
	CHECK(write(pair[1], "x", 1) == 1);
	CHECK(ring_poll(&r, &p, 1, clock_after(SOON)) == 1);
	CHECK(p.revents == POLLIN);
	close(pair[0]);
	close(pair[1]);
}

/* ---- ports ---- */

enum { CALLS = 2000 };

struct number {
	struct message message;
	int value;
};

static struct ring service_ring;
static struct port service;
static _Atomic int callers, callers_done;

static void
call(void *arg)
{
	struct number n = {.value = 0};
	int i;

	(void)arg;
	for (i = 0; i < CALLS; i++) {
		n.value = i;
		CHECK(port_call(&service, &n.message, clock_after(SOON)) == 0);
		CHECK(n.value == i + 1);
	}
	callers_done++;
	ring_notify(&service_ring);
}

static void *
call_from_thread(void *arg)
{
	call(arg);
	return NULL;
}

static void
serve(void)
{
	struct message *m;

	while (callers_done < callers) {
		while ((m = port_receive(&service)) != NULL) {
			((struct number *)(void *)m)->value++;
			CHECK(port_reply(m) == 0);
		}
		CHECK(ring_wait(&service_ring, clock_after(SOON)) == 0);
	}
}

/* ---- all of it, on one worker and on two ---- */

static void
first_fiber(void *arg)
{
	(void)arg;
	CHECK(fiber_spawn("caller", call, NULL) == 0);
	if (worker_index() != 0)
		return;
	switches();
	cancel_and_join();
	poll_for_both();
	serve();
	/* Those that were just told to end may not have ended yet. */
	while (fiber_count() > 1)
		fiber_yield();
	worker_stop();
}

static void
run(unsigned workers)
{
	pthread_t thread;

	callers = (int)workers + 1;
	callers_done = 0;
	ring_init(&service_ring);
	port_init(&service, &service_ring, 1);
	CHECK(pthread_create(&thread, NULL, call_from_thread, NULL) == 0);
	CHECK(worker_run(workers, first_fiber, NULL) == 0);
	pthread_join(thread, NULL);
}

int
main(void)
{
	static const unsigned workers[] = {1, 2};
	int failed = 0;
	size_t i;

	for (i = 0; i < sizeof(workers) / sizeof(workers[0]); i++) {
		failures = 0;
		run(workers[i]);
		poll_for_both();
		printf("%s the core on %u worker%s\n",
		    failures ? "FAIL" : "ok  ", workers[i],
		    workers[i] == 1 ? "" : "s");
		failed += failures != 0;
	}
	printf("%zu passed, %d failed\n", i - (size_t)failed, failed);
	return failed != 0;
}

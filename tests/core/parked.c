/*
 * parked -- fibers in every state, for gdb.sh to look at: when all are where
 * they should be, parked_now is called.
 */
#include "clock.h"
#include "conn.h"
#include "fiber.h"
#include "port.h"
#include "worker.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

void parked_now(void);

static struct ring nobody_ring;
static struct port nobody;

__attribute__((noinline)) void
parked_now(void)
{
	__asm__ volatile("" : : : "memory");
}

__attribute__((noinline)) static void
wait_for_mail(void)
{
	ring_sleep(ring_self(), clock_after(1000 * CLOCK_SECOND));
	__asm__ volatile("" : : : "memory"); /* no tail call */
}

static void
sleeper(void *arg)
{
	(void)arg;
	wait_for_mail();
}

static void
caller(void *arg)
{
	struct message m;

	(void)arg;
	port_call(&nobody, &m, CLOCK_NEVER);
}

static void
reader(void *arg)
{
	struct conn c;
	size_t length;
	char *line;

	if (conn_open(&c, *(int *)arg, CLOCK_SECOND) == -1)
		return;
	conn_read_line(&c, &line, &length, 100, clock_after(CLOCK_SECOND * 60));
	conn_close(&c);
}

static void
latecomer(void *arg)
{
	(void)arg;
}

static void
first(void *arg)
{
	ring_init(&nobody_ring);
	port_init(&nobody, &nobody_ring, 1);
	if (fiber_spawn("sleeper", sleeper, NULL) == -1 ||
	    fiber_spawn("caller", caller, NULL) == -1 ||
	    fiber_spawn("reader", reader, arg) == -1)
		return;
	fiber_yield();
	if (fiber_spawn("latecomer", latecomer, NULL) == -1)
		return;
	parked_now();
	worker_stop();
}

int
main(void)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == -1)
		return 1;
	return worker_run(1, first, &pair[0]) == -1;
}

/*
 * What promises to make no system call makes none: in a process of its own, the
 * thread that sends gets a filter that ends the process at any.
 */
#include "clock.h"
#include "fiber.h"
#include "port.h"
#include "sanitize.h"
#include "worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SENDS = 30, WELL = 3 };

static struct ring ring;
static struct port port;
static _Atomic int begun, received;
static unsigned workers;
static void (*body)(void);

/*
 * From here on this thread may end the process, and, where it finds a lock
 * held, wait for its holder to get a core.
 */
static void
allow_nothing(void)
{
	struct sock_filter rules[] = {
	    {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr)},
	    {BPF_JMP | BPF_JEQ | BPF_K, 2, 0, SYS_exit_group},
	    {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, SYS_sched_yield},
	    {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS},
	    {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
	};
	struct sock_fprog program = {sizeof(rules) / sizeof(rules[0]), rules};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == -1)
		_exit(1);
}

static void
receive(void *arg)
{
	struct message *m;

	(void)arg;
	for (;;) {
		while ((m = port_receive(&port)) != NULL) {
			received++;
			if (m->reply_to != NULL)
				port_reply(m);
		}
		ring_wait(&ring, CLOCK_NEVER);
	}
}

static void
send_all(void)
{
	static struct message messages[SENDS];

	for (int i = 0; i < SENDS; i++)
		if (port_send(&port, &messages[i], 0) == -1)
			_exit(1);
}

/* ---- within a worker ---- */

static void
within_a_worker(void)
{
	struct message m;

	if (fiber_spawn("receiver", receive, NULL) == -1)
		_exit(1);
	fiber_yield();
	allow_nothing();
	send_all();
	fiber_yield();
	for (int i = 0; i < SENDS; i++)
		if (port_call(&port, &m, CLOCK_NEVER) == -1)
			_exit(1);
	_exit(received == 2 * SENDS ? WELL : 1);
}

/* ---- to a worker that is awake ---- */

static void
keep_awake(void)
{
	if (fiber_spawn("receiver", receive, NULL) == -1)
		_exit(1);
	for (;;) {
		fiber_yield();
		begun = 1;
	}
}

static void
between_workers(void)
{
	while (!begun)
		usleep(1000);
	allow_nothing();
	send_all();
	while (received < SENDS)
		;
	_exit(WELL);
}

static void
to_a_sleeper(void)
{
	/* The other one never runs, so it sleeps: this rings its doorbell. */
	usleep(50000);
	allow_nothing();
	send_all();
	_exit(WELL);
}

static void
first_fiber(void *arg)
{
	(void)arg;
	if (worker_index() == 0)
		body();
	else if (body == to_a_sleeper)
		receive(NULL);
	else
		keep_awake();
}

/* How the process ended that did it. */
static int
run(void (*what)(void), unsigned count)
{
	int status;
	pid_t child;

	body = what;
	workers = count;
	ring_init(&ring);
	port_init(&port, &ring, 2 * SENDS);
	begun = received = 0;
	if ((child = fork()) == 0) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
		alarm(60);
		worker_run(workers, first_fiber, NULL);
		_exit(1);
	}
	assert_int_not_equal(child, -1);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status))
		return -WTERMSIG(status);
	return WEXITSTATUS(status);
}

static void
test_no_system_call(void **state)
{
	(void)state;
#if defined(SANITIZE_ASAN) || defined(SANITIZE_TSAN)
	skip(); /* they make calls of their own */
#endif
	if (RUNNING_ON_VALGRIND)
		skip();
	assert_int_equal(run(within_a_worker, 1), WELL);
	assert_int_equal(run(between_workers, 2), WELL);
	/* And a send that must make one is caught at it. */
	assert_int_equal(run(to_a_sleeper, 2), -SIGSYS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_no_system_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

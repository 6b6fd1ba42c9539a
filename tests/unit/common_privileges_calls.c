#include "privileges_child.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void
only_listed_calls(void)
{
	struct privileges p = least;
	int pair[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	p.calls = (const char *const[]){"@base", "@socket", "getpgrp", NULL};
	drop(&p);
	CHECK(getpid() > 0 && getpgrp() > 0);
	CHECK(send(pair[0], "x", 1, 0) == 1);
	CHECK(socket(AF_INET, SOCK_STREAM, 0) == -1 && errno == EPERM);
	CHECK(open("/", O_RDONLY) == -1 && errno == EPERM);
	CHECK(syscall(SYS_execve, "/bin/sh", NULL, NULL) == -1);
	CHECK(errno == EPERM);
	CHECK(fork() == -1 && errno == EPERM);
	CHECK(syscall(SYS_ptrace, 0, 0, 0, 0) == -1 && errno == EPERM);
	CHECK(syscall(SYS_kill, getppid(), 0) == -1 && errno == EPERM);
	CHECK(prctl(PR_SET_NAME, "name") == 0);
	CHECK(prctl(PR_SET_PDEATHSIG, SIGTERM) == 0);
	CHECK(prctl(PR_SET_DUMPABLE, 1) == -1 && errno == EPERM);
}

static void
a_forbidden_call_fails(void **state)
{
	(void)state;
	if (is_instrumented())
		skip();
	assert_child_passes(only_listed_calls);
}

static void *
add_one(void *arg)
{
	++*(int *)arg;
	return NULL;
}

static void
threads_but_no_processes(void)
{
	struct privileges p = least;
	pthread_t thread;
	int n = 0;

	p.processes = 1;
	p.calls = (const char *const[]){"@base", "@thread", NULL};
	drop(&p);
	CHECK(pthread_create(&thread, NULL, add_one, &n) == 0);
	CHECK(pthread_join(thread, NULL) == 0 && n == 1);
	CHECK(fork() == -1 && errno == EPERM);
	CHECK(vfork() == -1 && errno == EPERM);
}

static void
threads_may_start_where_allowed(void **state)
{
	(void)state;
	if (is_instrumented())
		skip();
	assert_child_passes(threads_but_no_processes);
}

#define KEEP UINT64_C(0xffffffff) /* as a system call's unsigned -1 */

static long
become(uint64_t real, uint64_t effective, uint64_t saved)
{
	return syscall(SYS_setresuid, real, effective, saved);
}

static void
kept_setuid_has_bounds(void)
{
	const struct privileges p = {.process = "p",
	    .capabilities = CAPABILITIES,
	    .lowest_uid = 1000,
	    .calls = few_calls};
	static const uint64_t good[] = {1000, 1001, 1007, 1008, 1023, 1024,
	    2000, 4095, 65535, 0x7fffffff, 0x80000000, 0xfffffffe};
	static const uint64_t bad[] = {
	    0, 1, 8, 512, 999, UINT64_C(1) << 32, (UINT64_C(1) << 32) + 999};
	size_t i;

	drop(&p);
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CHECK(syscall(SYS_setresgid, -1L, good[i], -1L) == 0);
		CHECK(getegid() == good[i]);
		CHECK(become(KEEP, good[i], KEEP) == 0);
		CHECK(geteuid() == good[i]);
		CHECK(become(KEEP, place.uid, KEEP) == 0);
		CHECK(geteuid() == place.uid);
		CHECK(syscall(SYS_setresgid, KEEP, place.gid, KEEP) == 0);
		CHECK(getegid() == place.gid);
	}
	if (is_instrumented())
		return;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK(become(KEEP, bad[i], KEEP) == -1 && errno == EPERM);
		CHECK(syscall(SYS_setresgid, KEEP, bad[i], KEEP) == -1);
	}
	CHECK(become(UINT64_MAX, UINT64_MAX, UINT64_MAX) == 0);
	CHECK(become(2000, 2000, KEEP) == -1);
	CHECK(become(KEEP, 2000, 2000) == -1);
	CHECK(setuid(2000) == -1 && setgid(2000) == -1);
	CHECK(syscall(SYS_setfsuid, 0) == -1);
	CHECK(syscall(SYS_setgroups, 0, NULL) == -1);
	CHECK(geteuid() == place.uid && getegid() == place.gid);
}

static void
kept_setuid_never_becomes_root(void **state)
{
	(void)state;
	assert_child_passes(kept_setuid_has_bounds);
}

static void
refuse_bad_calls(void)
{
	static const char *const lists[][3] = {{"@base", "@io", NULL},
	    {"@base", "setuid", NULL}, {"@base", "reed", NULL}};
	struct privileges p = least;
	int null = open("/dev/null", O_WRONLY), status;
	size_t i;
	pid_t pid;

	CHECK(dup2(null, 2) == 2);
	for (i = 0; i < 3; i++) {
		p.calls = lists[i];
		if ((pid = fork()) == 0)
			_exit(privileges_drop(&p, &place) == -1 ? 0 : 1);
		CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	}
}

static void
unknown_calls_are_refused(void **state)
{
	(void)state;
	if (is_instrumented())
		skip();
	assert_child_passes(refuse_bad_calls);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_forbidden_call_fails),
	    cmocka_unit_test(threads_may_start_where_allowed),
	    cmocka_unit_test(kept_setuid_never_becomes_root),
	    cmocka_unit_test(unknown_calls_are_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

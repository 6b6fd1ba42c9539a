#include "privileges_child.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
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
	/* 0: the group of who began this namespace. */
	CHECK(getpid() > 0 && getpgrp() >= 0);
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
only_local_sockets(void)
{
	struct privileges p = least;
	int fd;

	p.calls = (const char *const[]){"@base", "@socket", "@local", NULL};
	drop(&p);
	CHECK((fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) != -1);
	CHECK(close(fd) == 0);
	CHECK(socket(AF_INET, SOCK_STREAM, 0) == -1 && errno == EPERM);
	CHECK(socket(AF_INET6, SOCK_DGRAM, 0) == -1 && errno == EPERM);
	CHECK(socket(AF_NETLINK, SOCK_RAW, 0) == -1 && errno == EPERM);
	/* The kernel sees 32 bits, a filter 64. */
	CHECK(syscall(SYS_socket, ((unsigned long)1 << 32) | AF_INET,
		  SOCK_STREAM, 0) == -1 &&
	      errno == EPERM);
}

static void
local_sockets_where_no_others_are_allowed(void **state)
{
	(void)state;
	if (is_instrumented())
		skip();
	assert_child_passes(only_local_sockets);
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

/* Runs a program in a child of its own; its exit code, 255 where it was none.
 */
static int
run_program(const char *path)
{
	char name[] = "program", *const arguments[] = {name, NULL};
	char *const environment[] = {NULL};
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		execve(path, arguments, environment);
		_exit(errno == EACCES ? 254 : 255);
	}
	CHECK(pid != -1 && waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

/* A copy of a program that is no script, for all to run. */
static void
copy_program(const char *from, const char *to)
{
	char octets[4096];
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT, 0755);
	ssize_t n;

	CHECK(in != -1 && out != -1 && fchmod(out, 0755) == 0);
	while ((n = read(in, octets, sizeof(octets))) > 0)
		CHECK(write(out, octets, (size_t)n) == n);
	close(in);
	close(out);
}

static void
programs_of_one_folder(void)
{
	struct privileges p = least;
	char program[128];

	snprintf(program, sizeof(program), "%s/write/tool", mail);
	copy_program("/usr/bin/true", program);
	p.root = NULL;
	p.processes = 1;
	p.calls = (const char *const[]){"@base", "@file", "@process", NULL};
	p.paths[0] = (struct privileges_path){"/usr", PATH_READ | PATH_EXECUTE};
	p.paths[1] = (struct privileges_path){"/etc", PATH_READ};
	p.paths[2] =
	    (struct privileges_path){"$mail/write", PATH_READ | PATH_WRITE};
	drop(&p);
	CHECK(run_program("/usr/bin/true") == 0);
	CHECK(run_program("/usr/bin/false") == 1);
	/* What may be written is not run, what may be run is not written. */
	CHECK(run_program(program) == 254);
	CHECK(open("/usr/bin/true", O_WRONLY) == -1);
	CHECK(unlink(program) == 0);
}

static void
programs_run_where_allowed(void **state)
{
	(void)state;
	if (is_instrumented())
		skip();
	assert_child_passes(programs_of_one_folder);
}

static void
processes_in_no_namespace(void)
{
	static const unsigned long spaces[] = {CLONE_NEWNS, CLONE_NEWUSER,
	    CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWUSER | CLONE_NEWNET};
	struct privileges p = least;
	pid_t pid;

	p.processes = 1;
	p.calls = (const char *const[]){"@base", "@process", NULL};
	drop(&p);
	for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++) {
		errno = 0;
		CHECK(
		    syscall(SYS_clone, spaces[i] | SIGCHLD, 0, 0, 0, 0) == -1);
		CHECK(errno == EPERM);
		CHECK(unshare((int)spaces[i]) == -1 && errno == EPERM);
	}
	/* Its flags stand in memory, which no filter sees. */
	CHECK(syscall(SYS_clone3, NULL, 0) == -1 && errno == ENOSYS);
	CHECK((pid = fork()) != -1);
	if (pid == 0)
		_exit(0);
	CHECK(waitpid(pid, NULL, 0) == pid);
	CHECK(syscall(SYS_ptrace, 0, 0, 0, 0) == -1 && errno == EPERM);
	CHECK(socket(AF_INET, SOCK_STREAM, 0) == -1 && errno == EPERM);
}

static void
processes_stay_in_their_namespaces(void **state)
{
	(void)state;
	if (is_instrumented())
		skip();
	assert_child_passes(processes_in_no_namespace);
}

/* "@thread" alone starts no program, whatever may be run. */
static void
a_path_starts_no_process(void)
{
	struct privileges p = least;

	p.root = NULL;
	p.processes = 1;
	p.calls = (const char *const[]){"@base", "@file", "@thread", NULL};
	p.paths[0] = (struct privileges_path){"/usr", PATH_READ | PATH_EXECUTE};
	drop(&p);
	CHECK(fork() == -1 && errno == EPERM);
	CHECK(syscall(SYS_execve, "/usr/bin/true", NULL, NULL) == -1);
	CHECK(errno == EPERM);
}

static void
programs_need_both(void **state)
{
	(void)state;
	if (is_instrumented())
		skip();
	assert_child_passes(a_path_starts_no_process);
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
	    cmocka_unit_test(local_sockets_where_no_others_are_allowed),
	    cmocka_unit_test(threads_may_start_where_allowed),
	    cmocka_unit_test(programs_run_where_allowed),
	    cmocka_unit_test(processes_stay_in_their_namespaces),
	    cmocka_unit_test(programs_need_both),
	    cmocka_unit_test(kept_setuid_never_becomes_root),
	    cmocka_unit_test(unknown_calls_are_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

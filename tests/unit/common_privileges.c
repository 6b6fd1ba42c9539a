#include "privileges.h"

#include "sanitize.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define CAPABILITIES (UINT64_C(1) << CAP_SETUID | UINT64_C(1) << CAP_SETGID)

static char run[64], mail[64];
static struct privileges_place place = {.run = run, .mail = mail};

/* What is checked in a child says where it failed by its exit code. */
#define CHECK(condition)                                                       \
	do {                                                                   \
		if (!(condition)) {                                            \
			dprintf(                                               \
			    2, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			_exit(1);                                              \
		}                                                              \
	} while (0)

static void
assert_child_passes(void (*body)(void))
{
	int status;
	pid_t pid;

	if (geteuid() != 0)
		skip();
	if ((pid = fork()) == 0) {
		body();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static bool
is_instrumented(void)
{
#if defined(SANITIZE_ASAN) || defined(SANITIZE_TSAN)
	return true;
#else
	return RUNNING_ON_VALGRIND != 0;
#endif
}

static void
drop(const struct privileges *p)
{
	CHECK(privileges_drop(p, &place) == 0);
}

/* The line "key:\tvalue" of status stands in text. */
static bool
has_line(const char *text, const char *key, const char *value)
{
	char line[256];

	snprintf(line, sizeof(line), "\n%s:\t%s", key, value);
	return strstr(text, line) != NULL;
}

static const char *const few_calls[] = {"@base", NULL};
static const struct privileges least = {
    .process = "least", .root = "$run", .files = 20, .calls = few_calls};

static void
read_status(int fd, char *text, size_t size)
{
	ssize_t n = read(fd, text, size - 1);

	CHECK(n > 0);
	text[n] = '\0';
}

static void
least_shows_in_status(void)
{
	char text[4096], ids[128];
	int fd = open("/proc/self/status", O_RDONLY);

	CHECK(fd != -1);
	drop(&least);
	read_status(fd, text, sizeof(text));
	snprintf(ids, sizeof(ids), "%u\t%u\t%u\t%u\n", place.uid, place.uid,
	    place.uid, place.uid);
	CHECK(has_line(text, "Uid", ids));
	snprintf(ids, sizeof(ids), "%u\t%u\t%u\t%u\n", place.gid, place.gid,
	    place.gid, place.gid);
	CHECK(has_line(text, "Gid", ids));
	CHECK(has_line(text, "Groups", " \n"));
	CHECK(has_line(text, "CapInh", "0000000000000000\n"));
	CHECK(has_line(text, "CapPrm", "0000000000000000\n"));
	CHECK(has_line(text, "CapEff", "0000000000000000\n"));
	CHECK(has_line(text, "CapBnd", "0000000000000000\n"));
	CHECK(has_line(text, "CapAmb", "0000000000000000\n"));
	CHECK(has_line(text, "NoNewPrivs", "1\n"));
	CHECK(has_line(text, "Seccomp", is_instrumented() ? "0\n" : "2\n"));
}

static void
status_shows_what_was_dropped(void **state)
{
	(void)state;
	assert_child_passes(least_shows_in_status);
}

static void
least_has_limits(void)
{
	struct rlimit limit;

	drop(&least);
	CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	CHECK(limit.rlim_cur == 20 && limit.rlim_max == 20);
	CHECK(getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0);
	CHECK(getrlimit(RLIMIT_NPROC, &limit) == 0 && limit.rlim_max == 0);
	CHECK(is_instrumented() || prctl(PR_GET_DUMPABLE) != 1);
}

static void
limits_are_set(void **state)
{
	(void)state;
	assert_child_passes(least_has_limits);
}

static void
least_can_not_return(void)
{
	drop(&least);
	CHECK(setuid(0) == -1 && errno == EPERM);
	CHECK(setgid(0) == -1 && errno == EPERM);
	CHECK(seteuid(0) == -1);
	CHECK(geteuid() == place.uid && getegid() == place.gid);
}

static void
the_way_back_is_shut(void **state)
{
	(void)state;
	assert_child_passes(least_can_not_return);
}

static const char *const file_calls[] = {"@base", "@file", NULL};

static void
chrooted_sees_no_files(void)
{
	struct privileges p = least;

	p.calls = file_calls;
	p.paths[0] = (struct privileges_path){"/", PATH_READ};
	drop(&p);
	CHECK(open("/etc/passwd", O_RDONLY) == -1 && errno == ENOENT);
	CHECK(open("../../../../etc/passwd", O_RDONLY) == -1);
}

static void
a_chroot_hides_all_files(void **state)
{
	(void)state;
	assert_child_passes(chrooted_sees_no_files);
}

static bool
log_is_file(void)
{
	struct stat st;

	return fstat(STDERR_FILENO, &st) == 0 && S_ISREG(st.st_mode);
}

static void
write_to_a_log_file(void)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/other/file", mail);
	CHECK((fd = open(path, O_WRONLY | O_APPEND)) != -1);
	CHECK(dup2(fd, STDERR_FILENO) == STDERR_FILENO);
	CHECK(privileges_drop(&least, &place) == 0);
	CHECK(write(STDERR_FILENO, "line\n", 5) == 5);
}

static void
a_log_file_stays_writable(void **state)
{
	(void)state;
	assert_child_passes(write_to_a_log_file);
}

static void
landlock_allows_one_folder(void)
{
	const struct privileges p = {.process = "p",
	    .calls = file_calls,
	    .file_size = 100,
	    .paths = {{"$mail/read", PATH_READ},
		{"$mail/write", PATH_READ | PATH_WRITE}}};
	int fd;

	signal(SIGXFSZ, SIG_DFL);
	CHECK(chdir(mail) == 0);
	drop(&p);
	CHECK((fd = open("read/file", O_RDONLY)) != -1 && close(fd) == 0);
	CHECK((fd = open("write/new", O_RDWR | O_CREAT, 0600)) != -1);
	CHECK(write(fd, "x", 1) == 1);
	CHECK(log_is_file() || pwrite(fd, "x", 1, 100) == -1);
	CHECK(log_is_file() || errno == EFBIG);
	CHECK(ftruncate(fd, 0) == 0 && close(fd) == 0);
	CHECK(mkdir("write/cur", 0700) == 0);
	CHECK(rename("write/new", "write/cur/new") == 0);
	CHECK(unlink("write/cur/new") == 0 && rmdir("write/cur") == 0);
	if (is_instrumented())
		return;
	CHECK(open("/etc/passwd", O_RDONLY) == -1 && errno == EACCES);
	CHECK(open("other/file", O_RDONLY) == -1 && errno == EACCES);
	CHECK(open("read/file", O_WRONLY) == -1 && errno == EACCES);
	CHECK(open("read/new", O_WRONLY | O_CREAT, 0600) == -1);
	CHECK(truncate("read/file", 0) == -1);
	CHECK(symlink("/etc", "write/link") == -1 && errno == EPERM);
}

static void
landlock_refuses_other_folders(void **state)
{
	(void)state;
	assert_child_passes(landlock_allows_one_folder);
}

static void
landlock_without_paths(void)
{
	const struct privileges p = {.process = "p", .calls = file_calls};

	drop(&p);
	CHECK(open("/etc/passwd", O_RDONLY) == -1 && errno == EACCES);
	CHECK(open("/", O_RDONLY) == -1 && errno == EACCES);
}

static void
no_paths_means_no_files(void **state)
{
	(void)state;
	if (is_instrumented())
		skip();
	assert_child_passes(landlock_without_paths);
}

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
kept_capabilities_show(void)
{
	const struct privileges p = {.process = "p",
	    .capabilities = CAPABILITIES,
	    .lowest_uid = 1000,
	    .calls = few_calls};
	int fd = open("/proc/self/status", O_RDONLY);
	char text[4096];

	drop(&p);
	read_status(fd, text, sizeof(text));
	CHECK(has_line(text, "CapEff", "00000000000000c0\n"));
	CHECK(has_line(text, "CapPrm", "00000000000000c0\n"));
	CHECK(has_line(text, "CapBnd", "0000000000000000\n"));
}

static void
only_the_named_capabilities_stay(void **state)
{
	(void)state;
	assert_child_passes(kept_capabilities_show);
}

static void
refuse_all(void)
{
	struct privileges_place other = place;
	struct privileges p = least;
	int null = open("/dev/null", O_WRONLY);

	CHECK(dup2(null, 2) == 2);
	other.uid = 0;
	CHECK(privileges_drop(&p, &other) == -1);
	_exit(geteuid() == 0 ? 0 : 1);
}

static void
refuse_bad_paths(void)
{
	struct privileges p = least;
	int null = open("/dev/null", O_WRONLY);

	CHECK(dup2(null, 2) == 2);
	p.paths[0] = (struct privileges_path){"/nonexistent", PATH_READ};
	CHECK(privileges_drop(&p, &place) == -1);
	p.paths[0] = (struct privileges_path){"$unknown/x", PATH_READ};
	CHECK(privileges_drop(&p, &place) == -1);
	p.paths[0] = (struct privileges_path){"$state", PATH_READ};
	CHECK(privileges_drop(&p, &place) == -1);
	p.paths[0].path = NULL;
	p.root = "$run/nonexistent";
	CHECK(privileges_drop(&p, &place) == -1);
	CHECK(geteuid() == 0);
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
mistakes_are_refused(void **state)
{
	(void)state;
	assert_child_passes(refuse_all);
	assert_child_passes(refuse_bad_paths);
	if (!is_instrumented())
		assert_child_passes(refuse_bad_calls);
}

static void
run_as_nobody(void)
{
	struct privileges_place other = place;
	int null = open("/dev/null", O_WRONLY);

	CHECK(dup2(null, 2) == 2);
	CHECK(setgid(place.gid) == 0 && setuid(place.uid) == 0);
	other.uid = place.uid - 1;
	CHECK(privileges_drop(&least, &other) == -1);
	CHECK(privileges_drop(&least, &place) == 0);
	CHECK(is_instrumented() || socket(AF_INET, SOCK_STREAM, 0) == -1);
}

static void
without_root_only_the_own_user_will_do(void **state)
{
	(void)state;
	assert_child_passes(run_as_nobody);
}

static void
users_are_looked_up(void **state)
{
	uid_t uid = 1;
	gid_t gid = 1;

	(void)state;
	assert_int_equal(privileges_user("root", &uid, &gid), 0);
	assert_int_equal(uid, 0);
	assert_int_equal(gid, 0);
	errno = 0;
	assert_int_equal(privileges_user("no-such-user", &uid, &gid), -1);
	assert_int_equal(errno, ENOENT);
}

static void
close_others(void)
{
	int fds[6], keep[3], i;

	for (i = 0; i < 6; i++)
		CHECK((fds[i] = dup(0)) != -1);
	CHECK(dup2(0, 900) == 900);
	keep[0] = fds[4];
	keep[1] = 1;
	keep[2] = fds[1];
	CHECK(privileges_close_others(keep, 3) == 0);
	for (i = 0; i < 6; i++)
		CHECK((fcntl(fds[i], F_GETFD) != -1) == (i == 1 || i == 4));
	CHECK(fcntl(900, F_GETFD) == -1);
	for (i = 0; i < 3; i++)
		CHECK(fcntl(i, F_GETFD) != -1);
	CHECK(privileges_close_others(NULL, 0) == 0);
	CHECK(fcntl(fds[1], F_GETFD) == -1);
}

static void
others_are_closed(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if ((pid = fork()) == 0) {
		close_others();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* path below mail; mode 0: a file. */
static void
make(const char *path, mode_t mode)
{
	char whole[128];
	int fd;

	snprintf(whole, sizeof(whole), "%s/%s", mail, path);
	if (mode != 0) {
		assert_int_equal(mkdir(whole, mode), 0);
		assert_int_equal(chmod(whole, mode), 0);
	} else {
		fd = open(whole, O_WRONLY | O_CREAT, 0666);
		assert_true(fd != -1 && fchmod(fd, 0666) == 0);
		close(fd);
	}
}

static int
set_up(void **state)
{
	(void)state;
	strcpy(run, "/tmp/ringmail-run-XXXXXX");
	strcpy(mail, "/tmp/ringmail-mail-XXXXXX");
	if (mkdtemp(run) == NULL || mkdtemp(mail) == NULL)
		return -1;
	chmod(run, 0755);
	chmod(mail, 0755);
	make("read", 0777);
	make("write", 0777);
	make("other", 0777);
	make("read/file", 0);
	make("other/file", 0);
	return privileges_user("nobody", &place.uid, &place.gid);
}

static int
tear_down(void **state)
{
	static const char *const paths[] = {
	    "read/file", "other/file", "read", "write", "other", ""};
	char whole[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		snprintf(whole, sizeof(whole), "%s/%s", mail, paths[i]);
		remove(whole);
	}
	return rmdir(run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(status_shows_what_was_dropped),
	    cmocka_unit_test(limits_are_set),
	    cmocka_unit_test(the_way_back_is_shut),
	    cmocka_unit_test(a_chroot_hides_all_files),
	    cmocka_unit_test(landlock_refuses_other_folders),
	    cmocka_unit_test(a_log_file_stays_writable),
	    cmocka_unit_test(no_paths_means_no_files),
	    cmocka_unit_test(a_forbidden_call_fails),
	    cmocka_unit_test(threads_may_start_where_allowed),
	    cmocka_unit_test(kept_setuid_never_becomes_root),
	    cmocka_unit_test(only_the_named_capabilities_stay),
	    cmocka_unit_test(mistakes_are_refused),
	    cmocka_unit_test(without_root_only_the_own_user_will_do),
	    cmocka_unit_test(users_are_looked_up),
	    cmocka_unit_test(others_are_closed),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

#include "privileges_child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
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
#include <sys/wait.h>
#include <unistd.h>

/* The line "key:\tvalue" of status stands in text. */
static bool
has_line(const char *text, const char *key, const char *value)
{
	char line[256];

	snprintf(line, sizeof(line), "\n%s:\t%s", key, value);
	return strstr(text, line) != NULL;
}

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
	CHECK(limit.rlim_cur == 20);
	CHECK(limit.rlim_max == 20 || is_instrumented());
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
mistakes_are_refused(void **state)
{
	(void)state;
	assert_child_passes(refuse_all);
	assert_child_passes(refuse_bad_paths);
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
	    cmocka_unit_test(only_the_named_capabilities_stay),
	    cmocka_unit_test(mistakes_are_refused),
	    cmocka_unit_test(without_root_only_the_own_user_will_do),
	    cmocka_unit_test(users_are_looked_up),
	    cmocka_unit_test(others_are_closed),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

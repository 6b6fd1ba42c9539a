/* UNIX sockets: their access, and what is never replaced or removed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "listen_path.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

static char folder[] = "/tmp/listen_path.XXXXXX";
static char path[64];

static mode_t
mode_of(const char *name)
{
	struct stat st;

	assert_int_equal(lstat(name, &st), 0);
	return st.st_mode;
}

static void
make_file(void)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_int_not_equal(fd, -1);
	close(fd);
}

static void
reads_an_access(void **state)
{
	static const char *const wrong[] = {
	    "", "66", "0778", "1660", "06600", "rw", "-660", "0x1"};
	struct listen_access access;
	char why[200];

	(void)state;
	assert_int_equal(
	    listen_access_parse("0600", "", &access, why, sizeof(why)), 0);
	assert_int_equal(access.mode, 0600);
	assert_int_equal(access.group, getegid());
	assert_int_equal(
	    listen_access_parse("666", "root", &access, why, sizeof(why)), 0);
	assert_int_equal(access.mode, 0666);
	assert_int_equal(access.group, 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_equal(listen_access_parse(
				     wrong[i], "", &access, why, sizeof(why)),
		    -1);
	assert_int_equal(listen_access_parse("0660", "no such group", &access,
			     why, sizeof(why)),
	    -1);
	assert_non_null(strstr(why, "no such group"));
}

static void
gives_and_changes_access(void **state)
{
	struct listen_access given = {.mode = 0640, .group = getegid()};
	struct listen_file file, other = {.device = 1, .inode = 1};
	mode_t before = umask(0);
	int fd = listen_path_open(path, &given, &file);

	(void)state;
	assert_int_not_equal(fd, -1);
	assert_int_equal(umask(before), 0);
	assert_int_equal(mode_of(path), S_IFSOCK | 0640);
	given.mode = 0600;
	assert_int_equal(listen_path_permit(path, &file, &given), 0);
	assert_int_equal(mode_of(path), S_IFSOCK | 0600);
	given.mode = 0666;
	assert_int_equal(listen_path_permit(path, &other, &given), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(mode_of(path), S_IFSOCK | 0600);
	listen_path_remove(path, &other);
	assert_int_equal(mode_of(path), S_IFSOCK | 0600);
	listen_path_remove(path, &file);
	assert_int_equal(access(path, F_OK), -1);
	close(fd);
}

static void
replaces_what_is_left_alone(void **state)
{
	struct listen_file file, second;
	int fd = listen_path_open(path, &listen_access_default, &file), next;

	(void)state;
	assert_int_not_equal(fd, -1);
	assert_int_equal(
	    listen_path_open(path, &listen_access_default, &second), -1);
	assert_int_equal(errno, EADDRINUSE);
	assert_int_equal(second.inode, 0);
	close(fd);
	next = listen_path_open(path, &listen_access_default, &second);
	assert_int_not_equal(next, -1);
	assert_int_equal(mode_of(path), S_IFSOCK | 0660);
	listen_path_remove(path, &second);
	close(next);
}

/* A slip in the conf costs no file. */
static void
never_replaces_a_file(void **state)
{
	struct listen_file file;
	char target[80];

	(void)state;
	make_file();
	assert_int_equal(
	    listen_path_open(path, &listen_access_default, &file), -1);
	assert_int_equal(errno, EEXIST);
	assert_int_equal(mode_of(path), S_IFREG | 0600);
	snprintf(target, sizeof(target), "%s.link", path);
	assert_int_equal(rename(path, target), 0);
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(
	    listen_path_open(path, &listen_access_default, &file), -1);
	assert_int_equal(errno, EEXIST);
	assert_int_equal(mode_of(target), S_IFREG | 0600);
	unlink(target);
	/* A link that leads nowhere is none of ours either. */
	assert_int_equal(
	    listen_path_open(path, &listen_access_default, &file), -1);
	assert_true(S_ISLNK(mode_of(path)));
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(
	    listen_path_open(path, &listen_access_default, &file), -1);
	assert_int_equal(errno, EEXIST);
	rmdir(path);
	assert_int_equal(listen_path_open("/nonexistent/folder/socket",
			     &listen_access_default, &file),
	    -1);
}

/* One whose group is not ours to give: the exit code tells. */
static int
open_for_another_group(void)
{
	const struct listen_access given = {.mode = 0660, .group = 0};
	struct listen_file file;

	if (geteuid() == 0 && (setgroups(0, NULL) == -1 ||
				  setgid(NOBODY) == -1 || setuid(NOBODY) == -1))
		return 1;
	if (listen_path_open(path, &given, &file) != -1 || errno != EPERM)
		return 2;
	return access(path, F_OK) == -1 && errno == ENOENT ? 0 : 3;
}

/* What can't have its access leaves no file behind. */
static void
removes_what_it_can_not_permit(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() == 0)
		assert_int_equal(chown(folder, NOBODY, NOBODY), 0);
	if ((pid = fork()) == 0)
		_exit(open_for_another_group());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	unlink(path);
	if (geteuid() == 0)
		assert_int_equal(chown(folder, 0, 0), 0);
	assert_int_equal(status, 0);
}

static int
make_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/socket", folder);
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_an_access),
	    cmocka_unit_test(gives_and_changes_access),
	    cmocka_unit_test(replaces_what_is_left_alone),
	    cmocka_unit_test(never_replaces_a_file),
	    cmocka_unit_test(removes_what_it_can_not_permit),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

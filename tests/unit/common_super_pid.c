#include "super_pid.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/ringmail-pid-XXXXXX", run[64], path[80];

/* In a child: writes the file, and lives until it is killed. */
static pid_t
live(void)
{
	int ends[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(ends), 0);
	if ((pid = fork()) == 0) {
		c = super_pid_write(run) == 0 ? 'y' : 'n';
		if (write(ends[1], &c, 1) == 1)
			pause();
		_exit(0);
	}
	assert_int_equal(read(ends[0], &c, 1), 1);
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(c, 'y');
	return pid;
}

static void
end(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void
the_one_that_lives_is_told(void **state)
{
	struct stat st;
	pid_t pid;

	(void)state;
	assert_int_equal(super_pid_read(run), 0);
	pid = live();
	assert_int_equal(super_pid_read(run), pid);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	/* A second one gets none of it. */
	assert_int_equal(super_pid_write(run), -1);
	assert_int_equal(errno, EWOULDBLOCK);
	assert_int_equal(super_pid_read(run), pid);
	end(pid);
	/* What is left over is no process. */
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(super_pid_read(run), 0);
	pid = live();
	assert_int_equal(super_pid_read(run), pid);
	end(pid);
}

/* The program that comes by exec, as the same process, takes it over: between
 * the two nobody gets it, nor finds the service gone. */
static void
it_is_handed_on(void **state)
{
	const char *fd;
	pid_t pid;
	int status;

	(void)state;
	if ((pid = fork()) == 0) {
		super_pid_hand_on(1); /* there is none yet */
		if (getenv("RINGMAIL_PID_FILE") != NULL ||
		    super_pid_write(run) == -1)
			_exit(1);
		super_pid_hand_on(1);
		fd = getenv("RINGMAIL_PID_FILE");
		if (fd == NULL ||
		    fcntl((int)strtol(fd, NULL, 10), F_GETFD) != 0)
			_exit(2);
		/* As the next program, which knows its name alone. */
		if (super_pid_write(run) == -1 ||
		    getenv("RINGMAIL_PID_FILE") != NULL ||
		    super_pid_read(run) != getpid())
			_exit(3);
		super_pid_hand_on(1);
		super_pid_hand_on(0);
		_exit(getenv("RINGMAIL_PID_FILE") == NULL ? 0 : 4);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	/* What names another file is none of ours. */
	setenv("RINGMAIL_PID_FILE", "2", 1);
	pid = live();
	assert_int_equal(super_pid_read(run), pid);
	end(pid);
	unsetenv("RINGMAIL_PID_FILE");
}

static void
a_users_file_names_his_own_alone(void **state)
{
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	pid = live();
	assert_int_equal(chown(path, 65534, 65534), 0);
	assert_int_equal(super_pid_read(run), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(chown(path, 0, 0), 0);
	assert_int_equal(super_pid_read(run), pid);
	end(pid);
}

static void
a_file_that_is_none_is_an_error(void **state)
{
	char long_run[5000];

	(void)state;
	unlink(path);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_equal(super_pid_write(run), -1);
	assert_int_equal(errno, ELOOP);
	assert_int_equal(super_pid_read(run), -1);
	unlink(path);
	memset(long_run, 'x', sizeof(long_run) - 1);
	long_run[sizeof(long_run) - 1] = '\0';
	assert_int_equal(super_pid_write(long_run), -1);
	assert_int_equal(errno, ENAMETOOLONG);
	assert_int_equal(super_pid_write("/nonexistent/run"), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_one_that_lives_is_told),
	    cmocka_unit_test(it_is_handed_on),
	    cmocka_unit_test(a_users_file_names_his_own_alone),
	    cmocka_unit_test(a_file_that_is_none_is_an_error),
	};
	int result;

	if (mkdtemp(folder) == NULL)
		return 1;
	snprintf(run, sizeof(run), "%s/run", folder);
	snprintf(path, sizeof(path), "%s.pid", run);
	result = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	rmdir(folder);
	return result;
}

/* Tests of super_exec.c: this program tries itself, and becomes itself. */
#include "super_exec.h"

#include "log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void
test_a_try(void **state)
{
	int kept = dup(STDERR_FILENO);

	(void)state;
	log_set_level(LEVEL_ERROR);
	dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
	assert_int_equal(super_exec_try("good"), 0);
	assert_int_equal(super_exec_try("bad"), -1);
	assert_int_equal(super_exec_try("dies"), -1);
	dup2(kept, STDERR_FILENO);
	close(kept);
}

/* The exit code says what became of it. */
static void
test_the_next_program(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		setenv("AS_HEIR", "1", 1);
		super_exec_run();
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 42);
	setenv("RINGMAIL_PID", "1", 1);
	assert_int_equal(super_exec_is_heir(), 0);
}

static void
test_descriptors(void **state)
{
	int fd = dup(STDOUT_FILENO);

	(void)state;
	super_exec_keep(fd, 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	super_exec_keep(fd, 1);
	assert_int_equal(fcntl(fd, F_GETFD), 0);
	close(fd);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_try),
	    cmocka_unit_test(test_the_next_program),
	    cmocka_unit_test(test_descriptors),
	};

	if (argc == 4 && strcmp(argv[1], "-n") == 0) {
		if (strcmp(argv[3], "dies") == 0)
			abort();
		return strcmp(argv[3], "good") != 0;
	}
	if (getenv("AS_HEIR") != NULL)
		return super_exec_is_heir() && !super_exec_is_heir() ? 42 : 43;
	super_exec_begin(argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

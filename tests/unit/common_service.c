/* The options of a service; the rest is for the system tests, since it needs
 * root and the helpers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "service.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct settings {
	struct service_settings service;
	int64_t limit;
};

static const struct conf_setting settings[] = {
    {.name = "limit",
	.kind = CONF_NUMBER,
	.offset = offsetof(struct settings, limit),
	.fallback = "5",
	.minimum = "1",
	.maximum = "9"},
    {.name = NULL}};

static const struct conf_spec spec = {settings, sizeof(struct settings), NULL};

/* What a single row can't say: the limit is odd. */
static int
prepare(void *conf, char *why, size_t size)
{
	const struct settings *s = conf;

	if (s->limit % 2 == 1)
		return 0;
	snprintf(why, size, "the limit is even");
	return -1;
}

static char path[] = "/tmp/common_service.XXXXXX";

static const struct service service = {
    .name = "testd", .conf_path = path, .conf = &spec, .prepare = prepare};

static void
write_conf(const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

/* The exit code of a process with these options, without its output. */
static int
run(char *one, char *two, char *three)
{
	static char name[] = "testd";
	char *argv[] = {name, one, two, three, NULL};
	int argc = 1, status;
	pid_t child;

	while (argv[argc] != NULL)
		argc++;
	child = fork();
	assert_int_not_equal(child, -1);
	if (child == 0) {
		dup2(open("/dev/null", O_WRONLY), 1);
		dup2(1, 2);
		_exit(service_main(&service, argc, argv));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
checks_its_conf(void **state)
{
	char n[] = "-n", c[] = "-c", none[] = "/nonexistent/testd.conf";

	(void)state;
	write_conf("limit = 3\n");
	assert_int_equal(run(n, NULL, NULL), 0);
	assert_int_equal(run(n, c, path), 0);
	assert_int_equal(run(n, c, none), 1);
	write_conf("limit = 10\n");
	assert_int_equal(run(n, NULL, NULL), 1);
	write_conf("limit = 4\n");
	assert_int_equal(run(n, NULL, NULL), 1);
	write_conf("limti = 3\n");
	assert_int_equal(run(n, NULL, NULL), 1);
}

static void
knows_its_options(void **state)
{
	char v[] = "-V", h[] = "-h", x[] = "-x", word[] = "word";

	(void)state;
	assert_int_equal(run(v, NULL, NULL), 0);
	assert_int_equal(run(h, NULL, NULL), 0);
	assert_int_equal(run(x, NULL, NULL), 64);
	assert_int_equal(run(word, NULL, NULL), 64);
}

static int
make_conf(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	if (fd == -1)
		return -1;
	close(fd);
	return 0;
}

static int
remove_conf(void **state)
{
	(void)state;
	return unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(checks_its_conf),
	    cmocka_unit_test(knows_its_options),
	};

	return cmocka_run_group_tests(tests, make_conf, remove_conf);
}

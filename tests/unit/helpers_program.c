/* Tests of helpers/program.c: programs that answer, and such as do not. */
#include "../../helpers/program.h"

#include "clock.h"
#include "log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE (20 * CLOCK_SECOND)

static char path[64], name[WIRE_NAME_MAX];

/* Asks a program of these lines about a token. */
static enum token_result
ask_until(const char *lines, const char *token, int64_t deadline)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fprintf(file, "#!/bin/sh\n%s\n", lines);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0700), 0);
	name[0] = '\0';
	return program_ask(path, token, strlen(token), deadline, name);
}

static enum token_result
ask(const char *lines, const char *token)
{
	return ask_until(lines, token, clock_after(PATIENCE));
}

static const char checks[] = "read -r token\n"
			     "test \"$token\" = good || exit 1\n"
			     "echo active ann@example.org";

static void
test_good_and_bad(void **state)
{
	(void)state;
	assert_int_equal(ask(checks, "good"), TOKEN_GOOD);
	assert_string_equal(name, "ann@example.org");
	assert_int_equal(ask(checks, "goods"), TOKEN_BAD);
	assert_int_equal(ask(checks, ""), TOKEN_BAD);
	assert_string_equal(name, "");
}

/* The token stands on standard input alone, and whole. */
static void
test_what_it_sees(void **state)
{
	static char token[WIRE_SASL_MAX];

	(void)state;
	memset(token, 'x', sizeof(token) - 1);
	assert_int_equal(ask("test $# = 0 && test $(env | wc -l) -le 4 &&\n"
			     "! env | grep -q xxx && test $(wc -c) = 9216 &&\n"
			     "test ! -e /proc/self/fd/9 && echo active n",
			     token),
	    sizeof(token) == 9216 ? TOKEN_GOOD : TOKEN_FAILED);
}

static void
test_garbage(void **state)
{
	static const char *const wrong[] = {"echo active", "echo 'active '",
	    "echo inactive ann", "echo active ann bob", "printf 'active ann'",
	    "printf 'active a\\nn\\n'", "printf 'active a\\0n\\n'",
	    "printf 'active a\\177n\\n'", "echo; exit 1",
	    "echo active ann; exit 1", "echo active ann; exit 2", "exit 0",
	    "exit 3", "kill -9 $$", "echo active ann; kill -9 $$",
	    "echo ACTIVE ann", "head -c 100000 /dev/zero",
	    "printf 'active %0400d\\n' 7", NULL};

	(void)state;
	for (int i = 0; wrong[i] != NULL; i++) {
		assert_int_equal(ask(wrong[i], "x"), TOKEN_FAILED);
		assert_string_equal(name, "");
	}
	snprintf(path + strlen(path), 4, ".no");
	assert_int_equal(program_ask(path, "x", 1, clock_after(PATIENCE), name),
	    TOKEN_FAILED);
	path[strlen(path) - 3] = '\0';
}

/* A program that hangs, and one that leaves something behind, is ended. */
static void
test_hang(void **state)
{
	static const char *const slow[] = {"sleep 60", "exec >&-; sleep 60",
	    "sleep 60 & echo active ann", "while :; do :; done",
	    "trap '' TERM; sleep 60; sleep 60", NULL};
	int64_t began;

	(void)state;
	for (int i = 0; slow[i] != NULL; i++) {
		began = clock_now();
		assert_int_equal(
		    ask_until(slow[i], "x", clock_after(CLOCK_SECOND / 4)),
		    TOKEN_FAILED);
		assert_true(clock_now() - began < 10 * CLOCK_SECOND);
	}
	assert_int_equal(
	    ask("sleep 60 >/dev/null & echo active ann", "x"), TOKEN_GOOD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good_and_bad),
	    cmocka_unit_test(test_what_it_sees),
	    cmocka_unit_test(test_garbage),
	    cmocka_unit_test(test_hang),
	};
	int failed;

	snprintf(path, sizeof(path), "/tmp/ringmail-program-%d", (int)getpid());
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}

/* Tests of mailctl/usage.c, near.c and said.c: what it says of itself, and what
 * is kept of what it says. */
#include "../../mailctl/usage.h"

#include "../../mailctl/command.h"
#include "../../mailctl/near.h"
#include "../../mailctl/output.h"
#include "../../mailctl/said.h"

#include <err.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "printed.h"
#include <cmocka.h>

/* What is printed behind these words, with this exit code. */
static const char *
ask(enum client_exit wanted, int is_help, const char *one, const char *two)
{
	char words[2][32], *args[2] = {words[0], words[1]};
	int count = (one != NULL) + (two != NULL);

	snprintf(words[0], 32, "%s", one == NULL ? "" : one);
	snprintf(words[1], 32, "%s", two == NULL ? "" : two);
	assert_int_equal(printed_begin(), 0);
	wanted -=
	    is_help ? usage_help("", args, count) : usage_wrong(args, count);
	printed_end();
	assert_int_equal(wanted, CLIENT_OK);
	return printed.text;
}

static void
each_row_is_whole(void **state)
{
	const struct command_local *l;
	const struct command *c;

	(void)state;
	for (c = commands; c->noun != NULL; c++) {
		assert_true(strlen(c->what) > 0 && strlen(c->what) <= 54);
		assert_true(c->least <= c->most);
		assert_non_null(c->run);
		assert_non_null(
		    strstr(ask(CLIENT_OK, 1, c->noun, c->verb), c->what));
	}
	for (l = command_locals; l->name != NULL; l++) {
		assert_true(strlen(l->what) > 0 && strlen(l->what) <= 54);
		assert_non_null(l->run);
		assert_non_null(
		    strstr(ask(CLIENT_OK, 1, l->name, NULL), l->what));
	}
}

static void
lines_are_folded(void **state)
{
	(void)state;
	assert_string_equal(ask(CLIENT_OK, 1, "user", "backend"),
	    "mailctl user backend [--new] [--there] [--learn] "
	    "[--tls implicit|stls|none]\n"
	    "        [--as NAME] USER@DOMAIN HOST:PORT|none\n"
	    "        -- have the mailbox on another server, or here again\n");
	/* No line is too long, nor ends in a blank. */
	ask(CLIENT_OK, 1, NULL, NULL);
	for (const char *line = printed.text; *line != '\0';
	     line += strcspn(line, "\n") + 1) {
		size_t length = strcspn(line, "\n");

		assert_true(length <= 80);
		assert_true(length == 0 || line[length - 1] != ' ');
	}
}

static void
what_was_meant(void **state)
{
	static const char *const names[] = {"smtpd", "pop3d", NULL};

	(void)state;
	assert_string_equal(near_hint("smtp", names), "; did you mean smtpd?");
	assert_string_equal(near_hint("something", names), "");
	assert_non_null(strstr(ask(CLIENT_USAGE, 0, "user", "lst"),
	    "there is no command \"user lst\"; did you mean user list?"));
	/* Those that begin so are told besides. */
	assert_non_null(strstr(printed.text, "mailctl user passwd [--pam]"));
	assert_non_null(
	    strstr(ask(CLIENT_USAGE, 0, "traec", "1"), "did you mean trace?"));
	assert_non_null(
	    strstr(ask(CLIENT_USAGE, 1, "nothing", "alike"), "help lists all"));
	assert_non_null(strstr(
	    ask(CLIENT_USAGE, 0, NULL, NULL), "usage: mailctl [--json]"));
}

static void
as_json(void **state)
{
	(void)state;
	output_json = 1;
	ask(CLIENT_OK, 1, "rule", NULL);
	output_json = 0;
	assert_non_null(strstr(printed.text,
	    "{\"command\": \"rule del\", \"arguments\": \"NAME\", "
	    "\"what\": \"take mail from anybody again\"}"));
}

/* The last test: it changes stderr. */
static void
what_is_said_is_kept(void **state)
{
	char long_line[40000];

	(void)state;
	said_begin();
	assert_null(said_line());
	assert_int_equal(printed_begin(), 0);
	errno = ENOENT;
	warn("%s", "file");
	fputs("file:3: it is wrong\n", stderr);
	printed_end();
	assert_non_null(strstr(printed.text,
	    ": file: No such file or directory\nfile:3: it is wrong\n"));
	assert_string_equal(said_line(), "file: No such file or directory");
	assert_string_equal(said_line(), "file:3: it is wrong");
	assert_null(said_line());
	/* What is too much is said, and not kept. */
	memset(long_line, 'x', sizeof(long_line) - 1);
	long_line[sizeof(long_line) - 1] = '\0';
	assert_int_equal(printed_begin(), 0);
	warnx("%s", long_line);
	assert_non_null(strstr(printed_end(), long_line));
	assert_true(strlen(said_line()) < sizeof(long_line));
	assert_null(said_line());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_row_is_whole),
	    cmocka_unit_test(lines_are_folded),
	    cmocka_unit_test(what_was_meant),
	    cmocka_unit_test(as_json),
	    cmocka_unit_test(what_is_said_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "conf_print.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct settings {
	char *name;
	struct conf_list listen;
	int tls, mode;
	int64_t workers, size, wait;
};

static const char *const modes[] = {"one", "two", NULL};

#define ROW(in, title, of, member, preset, ...)              \
	{                                                    \
		.block = in, .name = title, .kind = of,      \
		.offset = offsetof(struct settings, member), \
		.fallback = preset, __VA_ARGS__              \
	}
static const struct conf_setting rows[] = {
    ROW(NULL, "name", CONF_TEXT, name, NULL),
    ROW(NULL, "listen", CONF_LIST, listen, "a,b"),
    ROW("b", "tls", CONF_BOOL, tls, "no"),
    ROW("b", "mode", CONF_CHOICE, mode, "one", .choices = modes),
    ROW("b", "workers", CONF_NUMBER, workers, "1", .minimum = "0",
	.maximum = "9"),
    ROW("b", "size", CONF_SIZE, size, "64K"),
    ROW("b", "wait", CONF_DURATION, wait, "90s"),
    {.name = NULL},
};
static const struct conf_spec spec = {rows, sizeof(struct settings), NULL};

static char path[] = "/tmp/ringmail-print-XXXXXX";

static void
write_conf(const char *conf)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(conf, f);
	assert_int_equal(fclose(f), 0);
}

/* What is printed of a conf; a % of it stands for the path. */
static void
assert_printed(const char *conf, const char *what, const char *expected)
{
	FILE *to = tmpfile();
	char got[4096], wanted[4096], error[256] = "";
	size_t n;

	assert_non_null(to);
	write_conf(conf);
	if (conf_print(&spec, path, what, to, error, sizeof(error)) == -1)
		fail_msg("%s", error);
	rewind(to);
	n = fread(got, 1, sizeof(got) - 1, to);
	got[n] = '\0';
	fclose(to);
	for (n = 0; *expected != '\0'; expected++)
		if (*expected == '%')
			n += (size_t)snprintf(
			    wanted + n, sizeof(wanted) - n, "%s", path);
		else
			wanted[n++] = *expected;
	wanted[n] = '\0';
	assert_string_equal(got, wanted);
}

static void
only_differences_are_printed(void **state)
{
	(void)state;
	assert_printed("", "diff", "");
	assert_printed("listen = {a, b}\nb {\n mode = one\n wait = 1500ms\n "
		       "size = 3145728\n workers = 1\n}\nname = '\"\\\\'",
	    "diff",
	    "name = \"\\\"\\\\\"\t# %:8, default \"\"\n"
	    "b.size = 3M\t# %:5, default 64K\n"
	    "b.wait = 1500ms\t# %:4, default 90s\n");
}

static void
all_has_defaults_too(void **state)
{
	(void)state;
	assert_printed("listen = {}\nb { tls = on }\n", "all",
	    "name = \"\"\t# default\n"
	    "listen = {}\t# %, default {\"a\", \"b\"}\n"
	    "b.tls = yes\t# %:2, default no\n"
	    "b.mode = \"one\"\t# default\n"
	    "b.workers = 1\t# default\n"
	    "b.size = 64K\t# default\n"
	    "b.wait = 90s\t# default\n");
}

static void
json_has_the_table(void **state)
{
	(void)state;
	assert_printed("b { wait = 0s workers = 3 }", "json",
	    "{\n"
	    "  \"name\": {\"value\": \"\", \"default\": \"\", \"kind\": "
	    "\"text\"},\n"
	    "  \"listen\": {\"value\": [\"a\", \"b\"], \"default\": [\"a\", "
	    "\"b\"], \"kind\": \"list\"},\n"
	    "  \"b.tls\": {\"value\": false, \"default\": false, \"kind\": "
	    "\"bool\"},\n"
	    "  \"b.mode\": {\"value\": \"one\", \"default\": \"one\", "
	    "\"kind\": \"choice\", \"choices\": [\"one\", \"two\"]},\n"
	    "  \"b.workers\": {\"value\": 3, \"default\": 1, \"kind\": "
	    "\"number\", \"minimum\": \"0\", \"maximum\": \"9\", \"file\": "
	    "\"%\", \"line\": 1},\n"
	    "  \"b.size\": {\"value\": \"64K\", \"default\": \"64K\", "
	    "\"kind\": \"size\"},\n"
	    "  \"b.wait\": {\"value\": \"0s\", \"default\": \"90s\", "
	    "\"kind\": \"duration\", \"file\": \"%\", \"line\": 1}\n"
	    "}\n");
}

/* A conf has no escape for a tab; JSON has one, and is UTF-8. */
static void
any_text_can_be_read_again(void **state)
{
	const char *json = "{\n  \"name\": {\"value\": \"a\\u0009\xc3\xa9"
			   "\\ufffd\\\"\", ";
	char error[256], got[128] = "";
	FILE *to = tmpfile();

	(void)state;
	assert_non_null(to);
	assert_printed("name = 'a\tb\\\\'\n", "diff",
	    "name = \"a\tb\\\\\"\t# %:1, default \"\"\n");
	write_conf("name = 'a\t\xc3\xa9\xe9\"'");
	assert_int_equal(
	    conf_print(&spec, path, "json", to, error, sizeof(error)), 0);
	rewind(to);
	assert_true(fread(got, 1, sizeof(got) - 1, to) > strlen(json));
	assert_memory_equal(got, json, strlen(json));
	fclose(to);
}

static void
one_setting_is_just_its_value(void **state)
{
	char error[256];

	(void)state;
	assert_printed("name = 'a b'", "name", "a b\n");
	assert_printed("", "name", "\n");
	assert_printed("", "listen", "a\nb\n");
	assert_printed("", "b.mode", "one\n");
	assert_printed("", "b.size", "64K\n");
	assert_int_equal(
	    conf_print(&spec, path, "size", stdout, error, sizeof(error)), -1);
	assert_string_equal(error, "no such setting: size");
	assert_int_equal(conf_print(&spec, "/nonexistent/x", "diff", stdout,
			     error, sizeof(error)),
	    -1);
	assert_string_equal(error, "/nonexistent/x: No such file or directory");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_differences_are_printed),
	    cmocka_unit_test(all_has_defaults_too),
	    cmocka_unit_test(json_has_the_table),
	    cmocka_unit_test(any_text_can_be_read_again),
	    cmocka_unit_test(one_setting_is_just_its_value),
	};
	int fd = mkstemp(path), result;

	if (fd == -1)
		return 1;
	close(fd);
	result = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return result;
}

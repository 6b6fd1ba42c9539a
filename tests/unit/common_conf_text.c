#include "conf_text.h"

#include "conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct settings {
	char *hostname;
	struct conf_list listen;
	int64_t workers, timeout;
};

#define ROW(in, title, of, member, preset)                   \
	{                                                    \
		.block = in, .name = title, .kind = of,      \
		.offset = offsetof(struct settings, member), \
		.fallback = preset                           \
	}
static const struct conf_setting rows[] = {
    ROW(NULL, "hostname", CONF_TEXT, hostname, "localhost"),
    ROW(NULL, "listen", CONF_LIST, listen, "a,b"),
    ROW(NULL, "workers", CONF_NUMBER, workers, "1"),
    ROW("limits", "timeout", CONF_DURATION, timeout, "5m"),
    {.name = NULL},
};
static const struct conf_spec spec = {rows, sizeof(struct settings), "smtpd"};

static char folder[] = "/tmp/ringmail-conf-XXXXXX", error[512];
static struct conf_origin origins[4];

static void
write_file(const char *name, const char *text)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static struct settings *
load(const char *text)
{
	char path[64];

	write_file("main", text);
	snprintf(path, sizeof(path), "%s/main", folder);
	conf_origins_free(&spec, origins);
	error[0] = '\0';
	return conf_load_told(&spec, path, origins, error, sizeof(error));
}

static struct settings *
must(const char *text)
{
	struct settings *s = load(text);

	if (s == NULL)
		fail_msg("%s", error);
	return s;
}

static void
done(struct settings *s)
{
	void *conf = s;

	conf_free(&spec, &conf);
}

/* The error names a file of the folder, and then this. */
static void
assert_refused(const char *text, const char *reason)
{
	assert_null(load(text));
	assert_memory_equal(error, folder, strlen(folder));
	assert_string_equal(error + strlen(folder) + 1, reason);
}

static void
assert_origin(size_t i, const char *file, int line)
{
	assert_non_null(origins[i].path);
	assert_string_equal(origins[i].path + strlen(folder) + 1, file);
	assert_int_equal(origins[i].line, line);
}

static void
a_file_overrides_what_it_includes(void **state)
{
	struct settings *s;

	(void)state;
	write_file("a", "workers = 7\nlisten = {x, y, z}\nhostname = a");
	write_file("b", "\nworkers = 8\n");
	s = must("hostname = main\n  include ( \"a\" ) # why\ninclude('b')\n");
	assert_string_equal(s->hostname, "main");
	assert_int_equal(s->workers, 8);
	assert_int_equal(s->listen.count, 3);
	assert_origin(0, "main", 1);
	assert_origin(1, "a", 2);
	assert_origin(2, "b", 2);
	assert_null(origins[3].path);
	done(s);
	s = must("include(\"a\")\nlisten = {q}\n");
	assert_int_equal(s->listen.count, 1);
	assert_string_equal(s->listen.items[0], "q");
	done(s);
	s = must("include(\"a\")\nlisten = {}\n");
	assert_int_equal(s->listen.count, 0);
	assert_origin(1, "main", 0);
	done(s);
}

static void
files_may_include_files(void **state)
{
	struct settings *s;
	char text[128];

	(void)state;
	write_file("a", "workers = 7\n");
	write_file("b", "include(\"a\")\nlimits { timeout = 1s }\n");
	write_file("c", "include(\"a\")\n");
	snprintf(text, sizeof(text),
	    "include(\"%s/b\")\ninclude(\"./c\")\nlimits {\n}\n", folder);
	s = must(text);
	assert_int_equal(s->workers, 7);
	assert_int_equal(s->timeout, 1000000000);
	done(s);
}

static void
what_is_wrong_is_said_where_it_stands(void **state)
{
	char name[8], text[32];

	(void)state;
	write_file("a", "\n\nworkrs = 7\n");
	write_file("b", "\ninclude(\"b\")\n");
	write_file("c", "include(\"d\")\n");
	write_file("d", "\n\ninclude(\"c\")\n");
	assert_refused("include(\"a\")",
	    "a:3: no such option 'workrs'; did you mean 'workers'?");
	assert_null(load("\ninclude(\"none\")"));
	assert_non_null(strstr(error, "main:2: include of "));
	assert_non_null(strstr(error, "none: No such file or directory"));
	assert_null(load("include(\"b\")"));
	assert_non_null(strstr(error, "/b:2: include of "));
	assert_non_null(strstr(error, "/b, which includes this"));
	assert_null(load("include(\"c\")"));
	assert_non_null(strstr(error, "/d:3: include of "));
	assert_refused("include(a)", "main:1: include takes a file in quotes");
	assert_refused("include(\"\")", "main:1: include takes a file's path");
	assert_refused(
	    "include(\"a\"", "main:1: include without its closing )");
	assert_refused(
	    "include(\"a\n\")", "main:1: a string without its closing \"");
	assert_refused("limits {\n include(\"a\")\n}",
	    "main:2: a stray '(': values with it need quotes");
	assert_refused("workers = 1 include(\"a\")",
	    "main:1: a stray '(': values with it need quotes");
	for (int i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		snprintf(text, sizeof(text), "include(\"d%d\")\n", i + 1);
		write_file(name, text);
	}
	assert_refused("include(\"d0\")", "d6:1: files are included too deep");
}

static void
too_many_files_are_refused(void **state)
{
	char text[CONF_TEXT_FILES * 16] = "";
	size_t length = 0;

	(void)state;
	write_file("a", "");
	for (int i = 0; i < 15; i++)
		length += (size_t)snprintf(
		    text + length, sizeof(text) - length, "include(\"a\")\n");
	write_file("b", text);
	done(must("include(\"b\")\ninclude(\"a\")\n"));
	assert_null(load("include(\"b\")\ninclude(\"b\")\n"));
	assert_non_null(strstr(error, "too many files are included"));
	snprintf(text + length, sizeof(text) - length,
	    "include(\"a\")\ninclude(\"a\")\n");
	assert_refused(text, "main:17: more than 16 files are included");
}

static void
parts_are_for_their_programs(void **state)
{
	struct settings *s;

	(void)state;
	s = must("workers = 3\n"
		 "smtpd {\n\thostname = \"}\"\n\tlimits {\n\t\ttimeout = 2s\n"
		 "\t}\n}\n"
		 "pop3d, helpers {\n\tnothing { of = { it } }\n}\n"
		 "helpers, smtpd { listen = {c, d, e} }\n");
	assert_string_equal(s->hostname, "}");
	assert_int_equal(s->timeout, 2000000000);
	assert_int_equal(s->listen.count, 3);
	assert_origin(0, "main", 3);
	assert_origin(3, "main", 5);
	done(s);
	assert_refused("smtpd {\n workers = 1\n}\nworkers = 2",
	    "main:4: workers stands twice");
	assert_refused("pop3d {\n}\nsmtpd {\n\n worker = 1\n}\n",
	    "main:5: no such option 'worker'; did you mean 'workers'?");
	assert_refused(
	    "smtpd {\n smtpd { workers = 1 }\n}", "main:2: a part of a part");
}

/* Nothing but blanks is put in; no octet is lost. */
static void
any_text_keeps_its_lines(void **state)
{
	static const char alphabet[] = "smtpd{}{}=,\n \"a";
	char text[64], before[64];
	unsigned seed = 1;

	(void)state;
	for (int round = 0; round < 200000; round++) {
		size_t n = 0, quotes = 0;

		while (n < sizeof(text) - 2) {
			seed = seed * 1664525 + 1013904223;
			text[n] = alphabet[(seed >> 16) % 15];
			if (seed >> 28 == 0 && n + 5 < sizeof(text) - 2) {
				memcpy(text + n, "smtpd", 5);
				n += 4;
			}
			quotes += text[n++] == '"';
		}
		if (quotes % 2 != 0)
			text[n++] = '"';
		text[n] = '\0';
		memcpy(before, text, sizeof(text));
		conf_text_parts(text, round % 2 == 0 ? "smtpd" : "pop3d");
		assert_int_equal(strlen(text), n);
		for (size_t i = 0; i < n; i++)
			assert_true(text[i] == before[i] ||
				    (text[i] == ' ' && before[i] != '\n'));
	}
}

static int
remove_all(void **state)
{
	char command[64];

	(void)state;
	conf_origins_free(&spec, origins);
	for (const char *const *p =
		 (const char *const[]){"main", "a", "b", "c", "d", "d0", "d1",
		     "d2", "d3", "d4", "d5", "d6", "d7", "d8", "d9", NULL};
	     *p != NULL; p++) {
		snprintf(command, sizeof(command), "%s/%s", folder, *p);
		unlink(command);
	}
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_file_overrides_what_it_includes),
	    cmocka_unit_test(files_may_include_files),
	    cmocka_unit_test(what_is_wrong_is_said_where_it_stands),
	    cmocka_unit_test(too_many_files_are_refused),
	    cmocka_unit_test(parts_are_for_their_programs),
	    cmocka_unit_test(any_text_keeps_its_lines),
	};

	if (mkdtemp(folder) == NULL)
		return 1;
	return cmocka_run_group_tests(tests, NULL, remove_all);
}

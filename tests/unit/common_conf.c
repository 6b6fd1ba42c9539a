#include "conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000000)

struct settings {
	char *hostname, *empty, *cert;
	struct conf_list listen, ciphers, domains;
	int proxy, tls, mode;
	int64_t workers, message_size, timeout;
};

static int
no_dots(const char *value, char *why, size_t size)
{
	if (strchr(value, '.') == NULL)
		return 0;
	snprintf(why, size, "must have no dot");
	return -1;
}

static const char *const modes[] = {"balance", "reuseport", NULL};

#define AT(member) offsetof(struct settings, member)
#define ROW(in, title, of, member, preset, ...)                               \
	{                                                                     \
		.block = in, .name = title, .kind = of, .offset = AT(member), \
		.fallback = preset, __VA_ARGS__                               \
	}
static const struct conf_setting rows[] = {
    ROW(NULL, "hostname", CONF_TEXT, hostname, "localhost", .check = no_dots),
    ROW(NULL, "empty", CONF_TEXT, empty, NULL),
    ROW(NULL, "listen", CONF_LIST, listen, "127.0.0.1:25, [::1]:25"),
    ROW(NULL, "domains", CONF_LIST, domains, "", .check = no_dots),
    ROW(NULL, "proxy", CONF_BOOL, proxy, "no"),
    ROW(NULL, "mode", CONF_CHOICE, mode, "reuseport", .choices = modes),
    ROW(NULL, "workers", CONF_NUMBER, workers, "1", .minimum = "1",
	.maximum = "64"),
    ROW("limits", "message_size", CONF_SIZE, message_size, "35M",
	.minimum = "64K", .maximum = "1G"),
    ROW("limits", "timeout", CONF_DURATION, timeout, "5m", .minimum = "1s",
	.maximum = "1h"),
    ROW("tls", "enable", CONF_BOOL, tls, "yes"),
    ROW("tls", "cert", CONF_TEXT, cert, "/etc/cert"),
    ROW("tls", "ciphers", CONF_LIST, ciphers, NULL),
    {.name = NULL},
};
static const struct conf_spec spec = {rows, sizeof(struct settings), "smtpd"};

static char path[64], error[512];

static void *
load_octets(const char *text, size_t length)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, length, f), length);
	assert_int_equal(fclose(f), 0);
	error[0] = '\0';
	return conf_load(&spec, path, error, sizeof(error));
}

static struct settings *
load(const char *text)
{
	struct settings *s = load_octets(text, strlen(text));

	if (s == NULL)
		fail_msg("%s", error);
	return s;
}

static void
done(struct settings *s)
{
	void *conf = s;

	conf_free(&spec, &conf);
	assert_null(conf);
}

/* text can't be read, and the error is what stands behind the path. */
static void
assert_refused(const char *text, const char *reason)
{
	assert_null(load_octets(text, strlen(text)));
	assert_memory_equal(error, path, strlen(path));
	assert_string_equal(error + strlen(path), reason);
	/* And nothing of it spoils the next. */
	done(load("workers = 3\n"));
}

static void
without_a_file_all_is_default(void **state)
{
	struct settings *s = conf_load(&spec, NULL, error, sizeof(error));

	(void)state;
	assert_non_null(s);
	assert_string_equal(s->hostname, "localhost");
	assert_null(s->empty);
	assert_int_equal(s->listen.count, 2);
	assert_string_equal(s->listen.items[0], "127.0.0.1:25");
	assert_string_equal(s->listen.items[1], "[::1]:25");
	assert_int_equal(s->domains.count, 0);
	assert_int_equal(s->ciphers.count, 0);
	assert_int_equal(s->proxy, 0);
	assert_int_equal(s->tls, 1);
	assert_int_equal(s->mode, 1);
	assert_int_equal(s->workers, 1);
	assert_int_equal(s->message_size, 35 * 1048576);
	assert_int_equal(s->timeout, 300 * SECOND);
	done(s);
}

static void
a_whole_file_is_read(void **state)
{
	struct settings *s = load("# with \"a comment\n"
				  "hostname = \"mx-1\" # and { one more\n"
				  "empty = ''\n"
				  "listen = {\"127.0.0.1:2525\",\n"
				  "\t[::1]:2525, 10.0.0.1:25}\n"
				  "domains = one\n"
				  "proxy = On\n"
				  "mode = balance\n"
				  "workers = 2\n\r\n"
				  "limits {\n\tmessage_size = 64K\n"
				  "\ttimeout=30s }\n"
				  "tls { enable = false\n"
				  "cert = '/a b/${x}#'\n"
				  "ciphers = {}\n}");

	(void)state;
	assert_string_equal(s->hostname, "mx-1");
	assert_string_equal(s->empty, "");
	assert_int_equal(s->listen.count, 3);
	assert_string_equal(s->listen.items[0], "127.0.0.1:2525");
	assert_string_equal(s->listen.items[1], "[::1]:2525");
	assert_string_equal(s->listen.items[2], "10.0.0.1:25");
	assert_int_equal(s->domains.count, 1);
	assert_int_equal(s->proxy, 1);
	assert_int_equal(s->mode, 0);
	assert_int_equal(s->workers, 2);
	assert_int_equal(s->message_size, 65536);
	assert_int_equal(s->timeout, 30 * SECOND);
	assert_int_equal(s->tls, 0);
	assert_string_equal(s->cert, "/a b/${x}#");
	assert_int_equal(s->ciphers.count, 0);
	done(s);
}

static void
a_list_may_be_emptied(void **state)
{
	struct settings *s = load("listen = {}\n");

	(void)state;
	assert_int_equal(s->listen.count, 0);
	done(s);
	s = load("");
	assert_int_equal(s->listen.count, 2);
	done(s);
}

static void
unknown_names_get_the_nearest(void **state)
{
	(void)state;
	assert_refused("\n# x\n\nlisen = 5\n",
	    ":4: no such option 'lisen'; did you mean 'listen'?");
	assert_refused(
	    "limit {\n}", ":1: no such option 'limit'; did you mean 'limits'?");
	assert_refused("#\n#\nlimits {\n\ttimeuot = 5s\n}",
	    ":4: no such option 'timeuot'; did you mean 'timeout'?");
	/* A name of another block is not valid here. */
	assert_refused("timeout = 5s",
	    ":1: no such option 'timeout' here; it belongs into block limits");
	assert_refused("limits { workers = 1 }",
	    ":1: no such option 'workers' in this block; it belongs outside of "
	    "blocks");
	assert_refused("limits|timeout = 5s",
	    ":1: no such option 'timeout' here; it belongs into block limits");
	assert_refused(
	    "smptd {\n}", ":1: no such option 'smptd'; did you mean 'smtpd'?");
	assert_refused("include = x", ":1: no such option 'include'");
}

static void
wrong_values_are_refused_with_their_line(void **state)
{
	(void)state;
	assert_refused("hostname = x\nworkers = two",
	    ":2: workers: must be a number, not 'two'");
	assert_refused("workers = 0", ":1: workers: must be at least 1");
	assert_refused("workers = 65", ":1: workers: must be at most 64");
	assert_refused("workers = 99999999999999999999",
	    ":1: workers: must be a number, not '99999999999999999999'");
	assert_refused("limits {\n\n\tmessage_size = 35X\n}",
	    ":3: message_size: must be a size like 10240, 64K or 35M, "
	    "not '35X'");
	assert_refused("limits { message_size = 2G }",
	    ":1: message_size: must be at most 1G");
	assert_refused("limits {\ntimeout = 30 }",
	    ":2: timeout: must be a duration like 500ms, 30s, 5m, 2h or 7d, "
	    "not '30'");
	assert_refused(
	    "limits {\ntimeout = 30ms }", ":2: timeout: must be at least 1s");
	assert_refused(
	    "proxy = maybe", ":1: proxy: must be yes or no, not 'maybe'");
	assert_refused("mode = reusport",
	    ":1: mode: 'reusport' is none of balance, reuseport; did you mean "
	    "'reuseport'?");
	assert_refused("hostname = a.b", ":1: hostname: must have no dot");
	assert_refused(
	    "domains = {\na,\nb.c,\nd}", ":3: domains: must have no dot");
}

static void
what_stands_twice_is_refused(void **state)
{
	(void)state;
	assert_refused("workers = 1\nworkers = 2", ":2: workers stands twice");
	assert_refused("domains = a\ndomains = b", ":2: domains stands twice");
	assert_refused(
	    "domains = {a, b}\n\ndomains = {c}", ":3: domains stands twice");
	assert_refused("domains = {a}\ndomains = {}", ": domains stands twice");
	assert_refused("tls {}\ntls {}", ":2: block tls stands twice");
	assert_refused(
	    "tls { cert = a }\ntls {\ncert = b }", ":3: cert stands twice");
}

static void
broken_syntax_is_refused(void **state)
{
	(void)state;
	assert_refused(
	    "\nhostname = \"x\n\n", ":2: a string without its closing \"");
	assert_refused("hostname = 'x", ":1: a string without its closing '");
	assert_refused(
	    "hostname = \"a\\nb\"", ":1: only \\\" and \\\\ may be escaped");
	assert_refused(
	    "hostname = \"a\x01\"", ":1: a control character in a string");
	assert_refused("hostname = \"${HOME}\"",
	    ":1: environment variables are not read: write '${' in single "
	    "quotes");
	assert_refused(
	    "hostname = ${HOME}", ":1: environment variables are not read");
	assert_refused("hostname = \x1b", ":1: a control character");
	assert_refused("\nlimits {\ntimeout = 5s\n",
	    ":2: a block or list without its closing }");
	assert_refused("limits {\n}}", ":2: unexpected closing brace");
	assert_refused("workers 2", ":1: missing equal sign after option "
				    "'workers'");
	assert_refused("workers = {2}", ":1: unexpected token '{'");
	assert_refused("workers =", ":1: premature end of file");
	assert_refused(
	    "limits = 5", ":1: missing opening brace for section 'limits'");
	assert_refused(
	    "domains += {a}", ":1: a stray '+': values with it need quotes");
	assert_refused("/* workers = 5 */", ":1: a comment begins with #");
	assert_refused("workers = 1 // x", ":1: a comment begins with #");
}

static void
files_that_are_none(void **state)
{
	static char big[1100000];
	char *p;

	(void)state;
	assert_null(conf_load(&spec, "/nonexistent/x.conf", error, 512));
	assert_string_equal(
	    error, "/nonexistent/x.conf: No such file or directory");
	assert_null(conf_load(&spec, "/tmp", error, sizeof(error)));
	assert_string_equal(error, "/tmp: Is a directory");
	assert_null(conf_load(&spec, "/dev/zero", error, sizeof(error)));
	assert_string_equal(error, "/dev/zero: not a regular file");
	assert_null(load_octets("a = 1\nb\0c", 9));
	assert_string_equal(error + strlen(path), ":2: a NUL octet");
	memset(big, 'x', sizeof(big) - 1);
	assert_refused(big, ": File too large");
	big[1000000] = '\0';
	assert_refused(big, ":1: longer than 8192 octets");
	/* A megabyte of short lines is read. */
	for (p = big; p < big + 1000000; p += 10)
		memcpy(p, "# comment\n", 10);
	done(load(big));
	/* Without room for the error there is still an error. */
	assert_null(conf_load(&spec, "/tmp", error, 0));
}

static void
quoting_of_values(void **state)
{
	struct settings *s = load("hostname = \"a\\\"b\\\\c # d\"\n"
				  "empty = 'it\\'s $HOME \\n'\n");

	(void)state;
	assert_string_equal(s->hostname, "a\"b\\c # d");
	assert_string_equal(s->empty, "it's $HOME \\n");
	done(s);
}

static void
units(void **state)
{
	static const char *const sizes[] = {"", "K", "-1", "+1", "1 K", "1k",
	    "1KB", "0x10", "9223372036854775808", "9007199254740992K", "1.5M"};
	static const char *const durations[] = {
	    "", "5", "s", "-1s", "5 s", "5S", "5us", "106752d"};
	int64_t n;
	size_t i;

	(void)state;
	assert_int_equal(conf_parse_size("0", &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(conf_parse_size("9223372036854775807", &n), 0);
	assert_int_equal(n, INT64_MAX);
	assert_int_equal(conf_parse_size("2G", &n), 0);
	assert_int_equal(n, INT64_C(2) << 30);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		assert_int_equal(conf_parse_size(sizes[i], &n), -1);
	assert_int_equal(conf_parse_duration("500ms", &n), 0);
	assert_int_equal(n, SECOND / 2);
	assert_int_equal(conf_parse_duration("2h", &n), 0);
	assert_int_equal(n, 7200 * SECOND);
	assert_int_equal(conf_parse_duration("7d", &n), 0);
	assert_int_equal(n, 604800 * SECOND);
	for (i = 0; i < sizeof(durations) / sizeof(durations[0]); i++)
		assert_int_equal(conf_parse_duration(durations[i], &n), -1);
}

static void
nearest(void **state)
{
	static const char *const names[] = {
	    "listen", "hostname", "timeout", "tls", NULL};
	char longer[200];

	(void)state;
	assert_string_equal(conf_nearest("listen", names), "listen");
	assert_string_equal(conf_nearest("lsiten", names), "listen");
	assert_string_equal(conf_nearest("host_name", names), "hostname");
	assert_string_equal(conf_nearest("tsl", names), "tls");
	assert_null(conf_nearest("workers", names));
	assert_null(conf_nearest("ssl", names));
	assert_null(conf_nearest("", names));
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_null(conf_nearest(longer, names));
	assert_null(conf_nearest("x", names + 4));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_a_file_all_is_default),
	    cmocka_unit_test(a_whole_file_is_read),
	    cmocka_unit_test(a_list_may_be_emptied),
	    cmocka_unit_test(unknown_names_get_the_nearest),
	    cmocka_unit_test(wrong_values_are_refused_with_their_line),
	    cmocka_unit_test(what_stands_twice_is_refused),
	    cmocka_unit_test(broken_syntax_is_refused),
	    cmocka_unit_test(files_that_are_none),
	    cmocka_unit_test(quoting_of_values),
	    cmocka_unit_test(units),
	    cmocka_unit_test(nearest),
	};
	char folder[] = "/tmp/ringmail-conf-XXXXXX";
	int r;

	if (mkdtemp(folder) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/conf", folder);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	rmdir(folder);
	return r;
}

/*
 * Tests of mailctl/trace_command.c and log_source.c: lines of several logs, in
 * whatever order and form, and which of them belong together.
 */
#include "../../mailctl/trace_command.h"

#include "../../mailctl/log_source.h"
#include "../../mailctl/output.h"
#include "sanitize.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "printed.h"
#include "remove_tree.h"
#include <cmocka.h>

#define HEAD "2026-11-22T05:11:00."
#define S1   " session=00000000000000a1"
#define S2   " session=00000000000000a2"
#define T1   " trace=00000000000000f1"
#define T2   " trace=00000000000000f2"

static char folder[64], paths[4][96];

/* Writes log number i, which is older the smaller its number. */
static void
write_log(int i, const char *text)
{
	const struct timespec times[2] = {{1000 + i, 0}, {1000 + i, 0}};
	FILE *file;

	snprintf(paths[i], sizeof(paths[i]), "%s/%d.log", folder, i);
	file = fopen(paths[i], "w");
	assert_non_null(file);
	fputs(text, file);
	fflush(file);
	assert_int_equal(futimens(fileno(file), times), 0);
	fclose(file);
}

/* What is printed of so many logs, which are named in the wrong order. */
static const char *
trace(const char *id, int logs, enum client_exit wanted)
{
	char text[32], *args[5] = {text};

	snprintf(text, sizeof(text), "%s", id);
	for (int i = 0; i < logs; i++)
		args[1 + i] = paths[logs - 1 - i];
	assert_int_equal(printed_begin(), 0);
	wanted -= trace_command_run("", args, 1 + logs);
	printed_end();
	assert_int_equal(wanted, CLIENT_OK);
	return printed.text;
}

static void
what_belongs_to_a_message(void **state)
{
	(void)state;
	write_log(0,
	    HEAD "005Z info mailbox[2] deliver.done" T1 " user=\"a b\"\n"
		 "{\"time\":\"" HEAD "001Z\",\"level\":\"info\",\"program\":"
		 "\"smtpd\",\"pid\":1,\"event\":\"client.connected\","
		 "\"session\":\"00000000000000a1\",\"client\":\"192.0.2.7\"}\n"
		 "something else with 00000000000000f1 in it\n");
	write_log(1,
	    HEAD "002Z info smtpd[1] message.accepted" S1 T1 " from=a@b\n" HEAD
		 "003Z info smtpd[1] message.accepted" S1 T2 " from=c@d\n" HEAD
		 "004Z info smtpd[1] client.closed" S1 "\n" HEAD
		 "004Z info smtpd[1] client.closed" S1 "\n" HEAD
		 "006Z info smtpd[1] client.closed" S2 "\n");
	assert_string_equal(trace("f1", 2, CLIENT_OK),
	    HEAD "001Z smtpd client.connected" S1 " client=192.0.2.7\n" HEAD
		 "002Z smtpd message.accepted" S1 T1 " from=a@b\n" HEAD
		 "004Z smtpd client.closed" S1 "\n" HEAD
		 "005Z mailbox deliver.done" T1 " user=\"a b\"\n");
	/* A session has both messages; capitals are the same. */
	assert_non_null(strstr(trace("A1", 2, CLIENT_OK), "from=c@d"));
	assert_non_null(strstr(printed.text, "deliver.done"));
	assert_null(strstr(printed.text, "00000000000000a2"));
	assert_non_null(
	    strstr(trace("f3", 2, CLIENT_REFUSED), "no log has a line of"));
}

static void
as_json(void **state)
{
	(void)state;
	write_log(0, HEAD "005Z warn mailbox[2] deliver.failed" T1 " why=-\n");
	output_json = 1;
	trace("f1", 1, CLIENT_OK);
	output_json = 0;
	assert_string_equal(printed.text,
	    "[\n{\"time\": \"" HEAD "005Z\", \"level\": \"warn\", \"program\": "
	    "\"mailbox\", \"pid\": 2, \"event\": \"deliver.failed\", "
	    "\"trace\": \"00000000000000f1\", \"why\": null}\n]\n");
}

/* Times of syslog have no year: they stay as they stood, the older log first.
 */
static void
times_that_can_not_be_compared(void **state)
{
	(void)state;
	write_log(0, "Dec 31 23:59:59 mx smtpd[1]: a.first" S1 "\n");
	write_log(1, "Jan  1 00:00:01 mx smtpd[1]: a.second" S1 "\n");
	assert_string_equal(trace("a1", 2, CLIENT_OK),
	    "Dec 31 23:59:59 smtpd a.first" S1 "\n"
	    "Jan 1 00:00:01 smtpd a.second" S1 "\n");
}

/* A terminal would obey. */
static void
lines_that_are_no_text(void **state)
{
	(void)state;
	write_log(0, HEAD "005Z info smtpd[1] a.b" S1 " x=\x1b]0;y\x07z\n");
	assert_string_equal(
	    trace("a1", 1, CLIENT_OK), HEAD "005Z smtpd a.b" S1 " x=?]0;y?z\n");
	write_log(0, HEAD "005Z info smtpd[1] a.b" S1); /* cut */
	assert_string_equal(
	    trace("a1", 1, CLIENT_OK), HEAD "005Z smtpd a.b" S1 "\n");
}

static void
ids_that_are_none(void **state)
{
	static const char *const bad[] = {
	    "", "x", "0x1", "-1", "1 ", "00000000000000001"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_non_null(
		    strstr(trace(bad[i], 0, CLIENT_USAGE), "is no id"));
}

static void
sources_that_can_not_be_read(void **state)
{
	char name[128];
	struct log_source s;

	(void)state;
	assert_int_equal(printed_begin(), 0);
	snprintf(name, sizeof(name), "%s/none", folder);
	assert_int_equal(log_source_open(&s, name, 1), -1);
	snprintf(name, sizeof(name), "%s/none.gz", folder);
	assert_int_equal(log_source_open(&s, name, 1), -1);
	snprintf(name, sizeof(name), "%s/none.journal", folder);
	assert_int_equal(log_source_open(&s, name, 1), -1);
	printed_end();
	assert_int_equal(log_source_open(&s, name, 0), -1);
	for (const char *at = printed.text; *at != '\0';
	     at = strchr(at, '\n') + 1)
		assert_non_null(strstr(at, "No such file or directory"));
	/* What is no gzip has no lines, and its program is not left over; that
	 * is said once, with the file's name. */
	write_log(0, "no gzip\n");
	snprintf(name, sizeof(name), "%s/x.gz", folder);
	assert_int_equal(rename(paths[0], name), 0);
	assert_int_equal(printed_begin(), 0);
	for (int says = 1; says >= 0; says--) {
		assert_int_equal(log_source_open(&s, name, says), 0);
		assert_null(log_source_line(&s));
		log_source_close(&s);
	}
	printed_end();
	assert_non_null(strstr(printed.text, "x.gz: gzip can't unpack it"));
	assert_null(strstr(strchr(printed.text, '\n') + 1, "gzip"));
	assert_int_equal(printed_begin(), 0);
	assert_int_equal(log_source_open(&s, folder, 1), 0);
	assert_null(log_source_line(&s));
	log_source_close(&s);
	printed_end();
	assert_non_null(strstr(printed.text, "can't be read to its end"));
}

/* Its name is told.  (Valgrind's posix_spawn does not know of a program that is
 * not there.) */
static void
a_program_that_is_not_there(void **state)
{
	struct log_source s;

	(void)state;
	if (RUNNING_ON_VALGRIND)
		skip();
	write_log(0, "");
	snprintf(paths[1], sizeof(paths[1]), "%s/y.gz", folder);
	assert_int_equal(rename(paths[0], paths[1]), 0);
	assert_int_equal(setenv("PATH", "/nonexistent", 1), 0);
	assert_int_equal(printed_begin(), 0);
	assert_int_equal(log_source_open(&s, paths[1], 1), -1);
	printed_end();
	assert_int_equal(unsetenv("PATH"), 0);
	assert_non_null(strstr(printed.text, "without gzip: No such file"));
}

/* A crash leaves NULs, a disaster a line without an end; none is kept. */
static void
lines_that_are_too_long(void **state)
{
	static char big[3 * LOG_SOURCE_LINE];
	const char *line = HEAD "005Z info smtpd[1] a.b" S1 "\n";
	struct log_source s;
	FILE *file;

	(void)state;
	memset(big, 'x', sizeof(big));
	write_log(0, "");
	assert_non_null(file = fopen(paths[0], "w"));
	fwrite(big, 1, sizeof(big), file);
	fputc('\n', file);
	memset(big, '\0', sizeof(big));
	fwrite(big, 1, sizeof(big), file);
	fputs(line, file);
	fclose(file);
	assert_int_equal(log_source_open(&s, paths[0], 1), 0);
	assert_int_equal(strlen(log_source_line(&s)), LOG_SOURCE_LINE - 1);
	assert_int_equal(strncmp(log_source_line(&s), line, 24), 0);
	assert_null(log_source_line(&s));
	log_source_close(&s);
	assert_string_equal(
	    trace("a1", 1, CLIENT_OK), HEAD "005Z smtpd a.b" S1 "\n");
}

/* What syslog and the services write, together: by the time that it is. */
static void
times_of_different_forms(void **state)
{
	(void)state;
	write_log(0,
	    "2026-11-22T06:11:00.500000+01:00 mx smtpd[1]: a.third" S1 "\n"
	    "2026-11-22T04:11:00.004-0100 mx smtpd[1]: a.first" S1 "\n");
	write_log(1, HEAD "100Z info smtpd[1] a.second" S1 "\n");
	assert_string_equal(trace("a1", 2, CLIENT_OK),
	    "2026-11-22T04:11:00.004-0100 smtpd a.first" S1 "\n" HEAD
	    "100Z smtpd a.second" S1 "\n"
	    "2026-11-22T06:11:00.500000+01:00 smtpd a.third" S1 "\n");
}

/* More than are kept is told of. */
static void
a_session_of_many_messages(void **state)
{
	FILE *file;

	(void)state;
	write_log(0, "");
	assert_non_null(file = fopen(paths[0], "w"));
	for (unsigned i = 1; i <= 300; i++)
		fprintf(
		    file, HEAD "005Z info smtpd[1] a.b" S1 " trace=%016x\n", i);
	fclose(file);
	assert_non_null(
	    strstr(trace("a1", 1, CLIENT_OK), "more than 256 messages"));
	assert_null(strstr(trace("7", 1, CLIENT_OK), "more than"));
}

static int
set_up(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/ringmail-trace-XXXXXX");
	return mkdtemp(folder) == NULL;
}

static int
tear_down(void **state)
{
	(void)state;
	return remove_tree(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_belongs_to_a_message),
	    cmocka_unit_test(as_json),
	    cmocka_unit_test(times_that_can_not_be_compared),
	    cmocka_unit_test(lines_that_are_no_text),
	    cmocka_unit_test(ids_that_are_none),
	    cmocka_unit_test(lines_that_are_too_long),
	    cmocka_unit_test(times_of_different_forms),
	    cmocka_unit_test(a_session_of_many_messages),
	    cmocka_unit_test(sources_that_can_not_be_read),
	    cmocka_unit_test(a_program_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static int kept_stderr;
static int pipe_ends[2];

/* Standard error goes into a pipe until end_capture. */
static void
begin_capture(void)
{
	kept_stderr = dup(STDERR_FILENO);
	assert_int_equal(pipe2(pipe_ends, O_NONBLOCK), 0);
	assert_true(dup2(pipe_ends[1], STDERR_FILENO) != -1);
	close(pipe_ends[1]);
}

static void
read_capture(char *text, size_t size)
{
	ssize_t n = read(pipe_ends[0], text, size - 1);

	text[n > 0 ? n : 0] = '\0';
}

static void
end_capture(void)
{
	dup2(kept_stderr, STDERR_FILENO);
	close(kept_stderr);
	close(pipe_ends[0]);
}

static void
assert_matches(const char *text, const char *pattern)
{
	regex_t re;

	assert_int_equal(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB), 0);
	if (regexec(&re, text, 0, NULL, 0) != 0)
		fail_msg("\"%s\" does not match %s", text, pattern);
	regfree(&re);
}

static void
a_line_has_time_level_program_and_fields(void **state)
{
	char text[4096];

	(void)state;
	begin_capture();
	errno = EXDEV;
	log_info("rcpt.refused", log_text("to", "a@b"), log_int("code", -550),
	    log_id("trace", 0xabc), log_text("none", NULL), log_errno(ENOENT));
	assert_int_equal(errno, EXDEV);
	read_capture(text, sizeof(text));
	end_capture();
	assert_matches(text,
	    "^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]"
	    "\\.[0-9]{3}Z info ringmail\\[[0-9]+\\] rcpt\\.refused to=a@b "
	    "code=-550 trace=0000000000000abc none=- "
	    "error=\"No such file or directory\"\n$");
}

/* time(2) may lag behind the clock that the log reads. */
static time_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec;
}

static void
the_day_is_the_calendars(void **state)
{
	char text[4096], expected[32];
	time_t before;
	struct tm day;

	(void)state;
	do {
		before = now();
		begin_capture();
		log_info("x");
		read_capture(text, sizeof(text));
		end_capture();
	} while (now() != before);
	gmtime_r(&before, &day);
	strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S.", &day);
	assert_memory_equal(text, expected, strlen(expected));
}

static void
values_are_quoted_and_escaped(void **state)
{
	static const struct {
		const char *value, *written;
	} cases[] = {
	    {"", "\"\""},
	    {"a b", "\"a b\""},
	    {"a=b", "\"a=b\""},
	    {"a\"b", "\"a\\\"b\""},
	    {"a\\b", "\"a\\\\b\""},
	    {"a\r\nb", "\"a\\x0d\\x0ab\""},
	    {"\x7f", "\"\\x7f\""},
	    {"gr\xc3\xbc\xc3\x9f", "\"gr\xc3\xbc\xc3\x9f\""},
	    {"\xe2\x82\xac\xf0\x9f\x98\x80",
		"\"\xe2\x82\xac\xf0\x9f\x98\x80\""},
	    {"\xc3(", "\"\\xc3(\""},
	    {"\xc2\x9b", "\"\\xc2\\x9b\""},		      /* C1 control */
	    {"\xc0\xaf", "\"\\xc0\\xaf\""},		      /* overlong */
	    {"\xe0\x80\xaf", "\"\\xe0\\x80\\xaf\""},	      /* overlong */
	    {"\xed\xa0\x80", "\"\\xed\\xa0\\x80\""},	      /* surrogate */
	    {"\xf4\x90\x80\x80", "\"\\xf4\\x90\\x80\\x80\""}, /* too high */
	    {"\xe2\x82", "\"\\xe2\\x82\""},
	};
	char text[4096], expected[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin_capture();
		log_info("e", log_text("v", cases[i].value));
		read_capture(text, sizeof(text));
		end_capture();
		snprintf(
		    expected, sizeof(expected), " e v=%s\n", cases[i].written);
		assert_string_equal(strstr(text, " e "), expected);
	}
}

static void
a_long_line_is_cut_and_stays_one_line(void **state)
{
	static char plain[5000], quoted[5000];
	char text[8192];

	(void)state;
	memset(plain, 'x', sizeof(plain) - 1);
	memset(quoted, '\n', sizeof(quoted) - 1);
	begin_capture();
	log_info("e", log_text("v", plain), log_text("w", "after"));
	read_capture(text, sizeof(text));
	assert_int_equal(strlen(text), 2048);
	assert_string_equal(text + 2044, "xx\"\n");
	log_info("e", log_text("v", quoted), log_text("w", "after"));
	read_capture(text, sizeof(text));
	end_capture();
	assert_in_range(strlen(text), 2040, 2048);
	assert_string_equal(text + strlen(text) - 6, "\\x0a\"\n");
	assert_int_equal(strcspn(text, "\n"), strlen(text) - 1);
}

static void
a_field_without_room_is_left_out_whole(void **state)
{
	static char plain[1000];
	char text[8192];

	(void)state;
	memset(plain, 'x', sizeof(plain) - 1);
	begin_capture();
	log_info("e", log_text("a", plain), log_text("b", plain),
	    log_text("c", "d"), log_int("e", 1));
	read_capture(text, sizeof(text));
	end_capture();
	assert_null(strstr(text, "c="));
	assert_int_equal(text[strlen(text) - 1], '\n');
}

static void
lower_levels_are_dropped(void **state)
{
	char text[4096];

	(void)state;
	begin_capture();
	log_debug("hidden");
	log_set_level(LEVEL_DEBUG);
	log_debug("shown");
	log_set_level(LEVEL_ERROR);
	log_warn("hidden");
	log_set_level(LEVEL_INFO);
	read_capture(text, sizeof(text));
	end_capture();
	assert_null(strstr(text, "hidden"));
	assert_non_null(strstr(text, " debug ringmail["));
}

static void
lost_lines_are_counted(void **state)
{
	static char filler[2000];
	char text[4096];
	int i, flags;

	(void)state;
	memset(filler, 'x', sizeof(filler) - 1);
	begin_capture();
	/* The pipe is full after at most 64 KiB. */
	flags = fcntl(STDERR_FILENO, F_GETFL);
	assert_true(flags & O_NONBLOCK);
	for (i = 0; i < 60; i++)
		log_info("fill", log_text("v", filler));
	while (read(pipe_ends[0], text, sizeof(text)) > 0)
		;
	log_info("first");
	log_info("second");
	read_capture(text, sizeof(text));
	end_capture();
	assert_matches(text, " first dropped=[1-9][0-9]*\n.* second\n$");
}

/* The exit status of run in a child whose root is a new folder. */
static int
run_in_root(void (*run)(void))
{
	char folder[] = "/tmp/ringmail-log-XXXXXX", path[64];
	int status;
	pid_t pid;

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/dev", folder);
	assert_int_equal(mkdir(path, 0755), 0);
	if ((pid = fork()) == 0) {
		if (chroot(folder) == -1)
			_exit(2);
		run();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	snprintf(path, sizeof(path), "%s/dev/log", folder);
	unlink(path);
	*strrchr(path, '/') = '\0';
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(folder), 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 2)
		skip(); /* only root may chroot */
	return status;
}

static void
write_two_names(void)
{
	log_open("name", LOG_TO_SYSLOG);
	log_rename("other");
	log_info("still.here");
	_exit(log_descriptor() == -1 ? 0 : 1);
}

static void
without_syslog_lines_go_to_stderr(void **state)
{
	char text[4096];
	int status;

	(void)state;
	if (geteuid() != 0)
		skip();
	begin_capture();
	status = run_in_root(write_two_names);
	read_capture(text, sizeof(text));
	end_capture();
	assert_int_equal(status, 0);
	assert_matches(text,
	    "warn name\\[[0-9]+\\] log\\.fallback path=/dev/log "
	    "error=\"No such file or directory\"\n");
	assert_matches(text, "info other\\[[0-9]+\\] still\\.here\n$");
}

/* With a logger's socket in its root: the exit code tells. */
static void
talk_to_syslog(void)
{
	struct sockaddr_un address = {
	    .sun_family = AF_UNIX, .sun_path = "/dev/log"};
	char text[4096], expected[128];
	struct stat st;
	ssize_t n;
	int fd;

	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == -1)
		_exit(3);
	log_open("smtpd", LOG_TO_SYSLOG);
	log_warn("a.b", log_text("k", "v w"));
	if (fstat(log_descriptor(), &st) == -1 ||
	    (n = read(fd, text, 4095)) < 0)
		_exit(4);
	text[n] = '\0';
	snprintf(expected, sizeof(expected), "<20>smtpd[%d]: a.b k=\"v w\"",
	    (int)getpid());
	if (strcmp(text, expected) != 0)
		_exit(5);
	/* The queue of a logger that does not read fills up. */
	for (n = 0; n < 1000; n++)
		log_info("fill");
	while (read(fd, text, sizeof(text)) > 0)
		;
	log_info("next");
	n = read(fd, text, sizeof(text) - 1);
	text[n < 0 ? 0 : n] = '\0';
	if (strstr(text, "]: next dropped=") == NULL)
		_exit(6);
	/* A logger that was started anew is found again. */
	close(fd);
	unlink("/dev/log");
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == -1)
		_exit(7);
	log_info("again");
	_exit(read(fd, text, sizeof(text)) > 0 ? 0 : 8);
}

static void
syslog_gets_datagrams(void **state)
{
	(void)state;
	assert_int_equal(run_in_root(talk_to_syslog), 0);
}

static void
fatal_and_panic_end_the_process(void **state)
{
	struct rlimit none = {0, 0};
	char text[4096];
	int status;
	pid_t pid;

	(void)state;
	begin_capture();
	if ((pid = fork()) == 0)
		fatal("port %d is taken", 25);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	read_capture(text, sizeof(text));
	assert_string_equal(text, "ringmail: port 25 is taken\n");
	if ((pid = fork()) == 0) {
		signal(SIGABRT, SIG_DFL);
		setrlimit(RLIMIT_CORE, &none);
		panic("count is %d", -1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	read_capture(text, sizeof(text));
	end_capture();
	assert_matches(text,
	    "error ringmail\\[[0-9]+\\] panic "
	    "text=\"count is -1\" file=.*\\.c line=[0-9]+ fiber=-\n$");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_line_has_time_level_program_and_fields),
	    cmocka_unit_test(the_day_is_the_calendars),
	    cmocka_unit_test(values_are_quoted_and_escaped),
	    cmocka_unit_test(a_long_line_is_cut_and_stays_one_line),
	    cmocka_unit_test(a_field_without_room_is_left_out_whole),
	    cmocka_unit_test(lower_levels_are_dropped),
	    cmocka_unit_test(lost_lines_are_counted),
	    cmocka_unit_test(without_syslog_lines_go_to_stderr),
	    cmocka_unit_test(syslog_gets_datagrams),
	    cmocka_unit_test(fatal_and_panic_end_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

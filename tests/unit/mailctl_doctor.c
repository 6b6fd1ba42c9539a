/*
 * Tests of mailctl/doctor.c and of what its checks make of a machine: of
 * mounts, clocks, limits, users and ports that no one machine has all of.
 */
#include "../../mailctl/doctor.h"
#include "../../mailctl/doctor_parts.h"
#include "super_pid.h"

#include <netinet/in.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "printed.h"
#include "remove_tree.h"
#include <cmocka.h>

static struct doctor d;
static char confs[DOCTOR_SERVICES][2048], folder[64];
static pid_t greeters[2];

static int
set_up(void **state)
{
	(void)state;
	d = (struct doctor){.area = "test"};
	for (int i = 0; i < DOCTOR_SERVICES; i++)
		d.confs[i].text = confs[i];
	strcpy(folder, "/tmp/ringmail-doctor-XXXXXX");
	assert_non_null(mkdtemp(folder));
	return printed_begin();
}

static int
tear_down(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++)
		if (greeters[i] > 0) {
			kill(greeters[i], SIGKILL);
			waitpid(greeters[i], NULL, 0);
			greeters[i] = 0;
		}
	return remove_tree(folder);
}

/* What was said since set_up; it is said again from now on. */
static const char *
said(void)
{
	return printed_end();
}

static void
check_counts(unsigned good, unsigned notes, unsigned warnings, unsigned errors)
{
	assert_int_equal(d.counts[DOCTOR_GOOD], good);
	assert_int_equal(d.counts[DOCTOR_NOTE], notes);
	assert_int_equal(d.counts[DOCTOR_WARN], warnings);
	assert_int_equal(d.counts[DOCTOR_ERROR], errors);
}

static void
findings_are_counted_and_clean(void **state)
{
	(void)state;
	doctor_say(&d, DOCTOR_WARN, "mend it", "a \x1b[31m%s", "name\n");
	doctor_say(&d, DOCTOR_GOOD, NULL, "all is well");
	assert_string_equal(said(), "warning  test   a ?[31mname?\n"
				    "                -> mend it\n"
				    "good     test   all is well\n");
	check_counts(1, 0, 1, 0);
}

static void
settings_are_read_with_their_units(void **state)
{
	char value[64];

	(void)state;
	strcpy(confs[DOCTOR_SMTPD],
	    "hostname = \"mx.example\"\t# default\n"
	    "limits.sessions = 10K\t# default\n"
	    "size = 3G\t# default\nplain = 7\t# default\n"
	    "off = no\t# default\n");
	doctor_value(&d, DOCTOR_SMTPD, "hostname", value, sizeof(value));
	assert_string_equal(value, "mx.example");
	assert_true(
	    doctor_number(&d, DOCTOR_SMTPD, "limits.sessions") == 10240);
	assert_true(doctor_number(&d, DOCTOR_SMTPD, "size") == 3LL << 30);
	assert_true(doctor_number(&d, DOCTOR_SMTPD, "plain") == 7);
	assert_true(doctor_number(&d, DOCTOR_SMTPD, "off") == -1);
	assert_true(doctor_number(&d, DOCTOR_SMTPD, "none") == -1);
	d.confs[DOCTOR_POP3D].text = NULL;
	doctor_value(&d, DOCTOR_POP3D, "hostname", value, sizeof(value));
	assert_string_equal(value, "");
	assert_string_equal(said(), "");
}

static void
mounts_that_lose_mail(void **state)
{
	static const struct {
		struct doctor_mount mount;
		enum doctor_level level; /* DOCTOR_GOOD: nothing is said */
		const char *text;
	} mounts[] = {{{"ext4", "rw,relatime", "/"}, DOCTOR_GOOD, ""},
	    {{"xfs", "rw,noatime", "/"}, DOCTOR_GOOD, ""},
	    {{"tmpfs", "rw", "/tmp"}, DOCTOR_ERROR, "mail lies in memory"},
	    {{"ramfs", "rw", "/tmp"}, DOCTOR_ERROR, "mail lies in memory"},
	    {{"vfat", "rw", "/usb"}, DOCTOR_ERROR, "no hard links"},
	    {{"nfs4", "rw", "/far"}, DOCTOR_WARN, "its server's word"},
	    {{"ext4", "rw,nobarrier", "/b"}, DOCTOR_ERROR,
		"/b is mounted without barriers"},
	    {{"ext4", "rw,barrier=0", "/b"}, DOCTOR_ERROR,
		"/b is mounted without barriers"},
	    {{"ext4", "rw,barrier=1", "/b"}, DOCTOR_GOOD, ""},
	    {{"ext4", "ro,relatime", "/r"}, DOCTOR_ERROR,
		"/r is mounted for reading alone"},
	    {{"ext4", "rw,errors=remount-ro", "/r"}, DOCTOR_GOOD, ""},
	    {{"ext4", "rw,data=journal", "/j"}, DOCTOR_NOTE, "data=journal"}};

	(void)state;
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		unsigned *counts = d.counts;

		memset(counts, 0, sizeof(d.counts));
		if (i > 0)
			assert_int_equal(printed_begin(), 0);
		doctor_files_promises(&d, "mail", &mounts[i].mount);
		assert_non_null(strstr(said(), mounts[i].text));
		for (int k = DOCTOR_NOTE; k < DOCTOR_LEVELS; k++)
			assert_int_equal(
			    counts[k], k == (int)mounts[i].level ? 1 : 0);
	}
}

static void
room_that_is_left(void **state)
{
	(void)state;
	doctor_files_left(&d, "mail", "octets", 10, 100);
	check_counts(1, 0, 0, 0);
	doctor_files_left(&d, "mail", "octets", 9, 100);
	check_counts(1, 0, 1, 0);
	doctor_files_left(&d, "mail", "inodes", 1, 100);
	check_counts(1, 0, 1, 1);
	/* A file system without inodes, and the largest there is. */
	doctor_files_left(&d, "mail", "inodes", 0, 0);
	doctor_files_left(&d, "mail", "octets", 1ULL << 54, 1ULL << 55);
	check_counts(2, 0, 1, 1);
	assert_non_null(strstr(said(), "mail: 9 % of the octets are free"));
}

static void
clocks(void **state)
{
	const time_t now = 1795348800; /* 2026-11-22 */
	struct timex t = {.maxerror = 5000};

	(void)state;
	doctor_host_clock(&d, now, 0, &t);
	check_counts(1, 0, 0, 0);
	doctor_host_clock(&d, 1000000000, 0, &t);
	check_counts(1, 0, 0, 1);
	doctor_host_clock(&d, now, -1, &t);
	check_counts(1, 1, 0, 1);
	doctor_host_clock(&d, now, TIME_ERROR, &t);
	check_counts(1, 1, 1, 1);
	t.status = STA_UNSYNC;
	doctor_host_clock(&d, now, 0, &t);
	check_counts(1, 1, 2, 1);
	t = (struct timex){.maxerror = 3000000};
	doctor_host_clock(&d, now, 0, &t);
	check_counts(1, 1, 3, 1);
	assert_non_null(strstr(said(), "may be off by 3 s"));
}

static void
limits_against_sessions(void **state)
{
	(void)state;
	doctor_host_limits(&d, 4096, 1000000, 20000);
	check_counts(1, 0, 0, 0);
	doctor_host_limits(&d, 128, 1000000, 20000);
	check_counts(1, 0, 1, 0);
	doctor_host_limits(&d, 4096, 40000, 20000);
	check_counts(2, 0, 2, 0);
	doctor_host_limits(&d, -1, -1, 20000);
	check_counts(2, 0, 2, 0);
	doctor_host_files(&d, "smtpd", 21024, 10000);
	check_counts(3, 0, 2, 0);
	doctor_host_files(&d, "smtpd", 21023, 10000);
	check_counts(3, 0, 3, 0);
	assert_non_null(strstr(said(), "wants 21024 for 10000 sessions"));
}

static void
users_of_the_confs(void **state)
{
	const struct passwd *root = getpwuid(0), *other = getpwnam("nobody");

	(void)state;
	if (root == NULL || other == NULL) {
		printed_end();
		skip();
	}
	snprintf(confs[DOCTOR_HELPERS], sizeof(confs[0]),
	    "users.accounts = \"%s\"\t# default\n"
	    "usersome = \"no user\"\t# default\n"
	    "users.last = \"no-such-user\"\t# default\n"
	    "mail.user = \"%s\"\t# default\n",
	    other->pw_name, root->pw_name);
	strcpy(confs[DOCTOR_SMTPD], "user = \"\"\t# default\n");
	strcpy(confs[DOCTOR_POP3D], "user = \"no-such-user\"\t# default\n");
	doctor_conf_users(&d);
	said();
	check_counts(0, 0, 0, 3);
	assert_non_null(strstr(printed.text,
	    "no system user no-such-user (users.last of helpers.conf)"));
	assert_non_null(strstr(
	    printed.text, "no system user no-such-user (user of pop3d.conf)"));
	assert_non_null(
	    strstr(printed.text, "mail.user of helpers.conf names root"));
}

/* A socket with a port of loopback, in *port, to which nobody else can listen
 * then; backlog 0: nor does this one. */
static int
listener(unsigned *port, int backlog)
{
	struct sockaddr_in a = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	assert_int_not_equal(fd, -1);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	if (backlog > 0)
		assert_int_equal(listen(fd, backlog), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &length), 0);
	*port = ntohs(a.sin_port);
	return fd;
}

/* In a child, the i-th: greets each who comes.  Ends with the test. */
static void
greet(int i, int fd, const char *greeting)
{
	greeters[i] = fork();
	assert_int_not_equal(greeters[i], -1);
	if (greeters[i] == 0) {
		alarm(60);
		for (int peer; (peer = accept(fd, NULL, NULL)) != -1;
		     close(peer))
			if (write(peer, greeting, strlen(greeting)) == -1)
				break;
		_exit(0);
	}
	close(fd);
}

static void
ports_of_a_service_that_does_not_run(void **state)
{
	unsigned taken, free_one;
	int fd = listener(&taken, 8), other = listener(&free_one, 0);

	(void)state;
	snprintf(confs[DOCTOR_SMTPD], sizeof(confs[0]),
	    "run = \"%s/smtpd\"\t# default\n"
	    "listen = {\"127.0.0.1:%u\", \"127.0.0.1:%u\", \"127.0.0.1:x\"}"
	    "\t# default\n",
	    folder, taken, free_one);
	d.confs[DOCTOR_POP3D].text = NULL;
	doctor_ports(&d);
	close(fd);
	close(other);
	said();
	assert_non_null(strstr(printed.text, "which smtpd wants, is taken"));
	assert_non_null(strstr(printed.text, "is free for smtpd"));
	check_counts(1, 0, 0, 2);
}

static void
ports_of_a_service_that_runs(void **state)
{
	unsigned good, wrong, silent;
	int fd;

	(void)state;
	greet(0, listener(&good, 8), "220 mx.example ESMTP\r\n");
	greet(1, listener(&wrong, 8), "SSH-2.0-\x1b\r\nmore");
	fd = listener(&silent, 0);
	snprintf(confs[DOCTOR_SMTPD], sizeof(confs[0]),
	    "run = \"%s/smtpd\"\t# default\n"
	    "listen = {\"0.0.0.0:%u\", \"127.0.0.1:%u\"}\t# default\n"
	    "listen_tls = {\"127.0.0.1:%u\", \"127.0.0.1:%u\"}\t# default\n",
	    folder, good, wrong, good, silent);
	snprintf(confs[DOCTOR_POP3D], sizeof(confs[0]), "run = \"x\"\t# y\n");
	snprintf(d.hostname, sizeof(d.hostname), "%s/smtpd", folder);
	assert_int_equal(super_pid_write(d.hostname), 0);
	doctor_ports(&d);
	close(fd);
	said();
	/* Who is asked for TLS need not greet. */
	assert_non_null(strstr(printed.text, "smtpd answers at 0.0.0.0:"));
	assert_non_null(strstr(printed.text, "says \"SSH-2.0-?\""));
	assert_non_null(strstr(printed.text, "smtpd does not answer at"));
	assert_non_null(strstr(printed.text, "pop3d listens nowhere"));
	check_counts(2, 0, 0, 3);
}

/* Who has to send a balancer's header first can't be greeted; others can. */
static void
ports_that_do_not_greet(void **state)
{
	unsigned port;

	(void)state;
	greet(0, listener(&port, 8), "");
	snprintf(d.hostname, sizeof(d.hostname), "%s/pop3d", folder);
	assert_int_equal(super_pid_write(d.hostname), 0);
	snprintf(confs[DOCTOR_POP3D], sizeof(confs[0]),
	    "run = \"%s/pop3d\"\t# default\n"
	    "trust.proxy = {\"192.0.2.1\"}\t# default\n"
	    "listen = {\"127.0.0.1:%u\"}\t# default\n",
	    folder, port);
	d.confs[DOCTOR_SMTPD].text = NULL;
	doctor_ports(&d);
	assert_non_null(strstr(said(), "does not greet"));
	check_counts(0, 0, 0, 1);
	snprintf(confs[DOCTOR_POP3D], sizeof(confs[0]),
	    "run = \"%s/pop3d\"\t# default\n"
	    "trust.proxy = {\"192.0.2.1\", \"127.0.0.0/8\"}\t# default\n"
	    "listen = {\"0.0.0.0:%u\"}\t# default\n",
	    folder, port);
	assert_int_equal(printed_begin(), 0);
	doctor_ports(&d);
	assert_non_null(strstr(said(), "pop3d answers at 0.0.0.0:"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(findings_are_counted_and_clean),
	    TEST(settings_are_read_with_their_units),
	    TEST(mounts_that_lose_mail),
	    TEST(room_that_is_left),
	    TEST(clocks),
	    TEST(limits_against_sessions),
	    TEST(users_of_the_confs),
	    TEST(ports_of_a_service_that_does_not_run),
	    TEST(ports_of_a_service_that_runs),
	    TEST(ports_that_do_not_greet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

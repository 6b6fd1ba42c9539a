/* Whole sessions over a socket pair, with the helpers' stubs faked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../pop3d/session.h"
#include "pop3d_fakes.h"

#include "clock.h"
#include "log.h"
#include "worker.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define OUTPUT_MAX 262144

static struct settings conf;
static struct service_client client;
static char output[OUTPUT_MAX];

static void *
read_all(void *arg)
{
	int fd = *(int *)arg;
	size_t length = 0;
	ssize_t n;

	while ((n = read(fd, output + length, OUTPUT_MAX - 1 - length)) > 0)
		length += (size_t)n;
	output[length] = '\0';
	return NULL;
}

static void
serve(void *arg)
{
	(void)arg;
	session_main(&client, &conf);
	worker_stop();
}

/* A session that gets all of input at once, and the end of it where the client
 * hangs_up; its replies are in output. */
static void
converse(const char *input, int hangs_up)
{
	size_t length = strlen(input);
	pthread_t reader;
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	assert_int_equal(write(ends[1], input, length), (ssize_t)length);
	if (hangs_up)
		shutdown(ends[1], SHUT_WR);
	client.fd = ends[0];
	assert_int_equal(pthread_create(&reader, NULL, read_all, &ends[1]), 0);
	assert_int_equal(worker_run(1, serve, NULL), 0);
	pthread_join(reader, NULL);
	close(ends[1]);
	assert_int_equal(fake.opened, fake.closed);
}

static void
talk(const char *input)
{
	converse(input, 1);
}

#define GREETING "+OK pop.example.org POP3 ready\r\n"
#define LOGIN	 "USER jack\r\nPASS  open sesame\r\n"

static int
set_up(void **state)
{
	static char hostname[] = "pop.example.org";
	static char user[] = "USER", plain[] = "PLAIN", scram[] = "SCRAM-SHA-1";
	static char *mechanisms[] = {scram, plain, user, NULL};

	(void)state;
	log_set_level(LEVEL_ERROR);
	memset(&fake, 0, sizeof(fake));
	fake.letters[0] = "a: b\n\n.c\n";
	fake.letters[1] = "d: e\n\nf\ng\n";
	conf = (struct settings){.hostname = hostname,
	    .plaintext_login = PLAINTEXT_LOOPBACK,
	    .mechanisms = {.items = mechanisms, .count = 3},
	    .errors = 20,
	    .logins = 3,
	    .idle = 5 * CLOCK_SECOND,
	    .send = 5 * CLOCK_SECOND,
	    .helper = 5 * CLOCK_SECOND};
	client = (struct service_client){.is_local = 1, .address = "127.0.0.1"};
	return 0;
}

static void
reads_a_maildrop(void **state)
{
	(void)state;
	talk(LOGIN "STAT\r\nLIST\r\nlist 2\r\nUIDL\r\nUIDL 1\r\nRETR 1\r\n"
		   "TOP 2 1\r\nTOP 2 0\r\nNOOP\r\nQUIT\r\n");
	assert_string_equal(output,
	    GREETING "+OK send PASS\r\n+OK 2 messages (26 octets)\r\n"
		     "+OK 2 26\r\n"
		     "+OK 2 messages (26 octets)\r\n1 12\r\n2 14\r\n.\r\n"
		     "+OK 2 14\r\n"
		     "+OK 2 messages (26 octets)\r\n1 u0\r\n2 u1\r\n.\r\n"
		     "+OK 1 u0\r\n"
		     "+OK 12 octets\r\na: b\r\n\r\n..c\r\n.\r\n"
		     "+OK top of message follows\r\nd: e\r\n\r\nf\r\n.\r\n"
		     "+OK top of message follows\r\nd: e\r\n\r\n.\r\n"
		     "+OK\r\n"
		     "+OK bye, 2 messages left\r\n");
	assert_string_equal(fake.expunged, "");
	assert_int_equal(fake.opened, 1);
}

static void
deletes_at_quit_alone(void **state)
{
	(void)state;
	talk(LOGIN "DELE 1\r\nDELE 1\r\nRETR 1\r\nLIST\r\nLIST 1\r\nSTAT\r\n");
	assert_string_equal(output,
	    GREETING "+OK send PASS\r\n+OK 2 messages (26 octets)\r\n"
		     "+OK message 1 deleted\r\n"
		     "-ERR message 1 is deleted\r\n"
		     "-ERR message 1 is deleted\r\n"
		     "+OK 1 messages (14 octets)\r\n2 14\r\n.\r\n"
		     "-ERR message 1 is deleted\r\n"
		     "+OK 1 14\r\n");
	/* The client hung up without QUIT. */
	assert_string_equal(fake.expunged, "");

	talk(LOGIN "DELE 1\r\nRSET\r\nDELE 2\r\nQUIT\r\n");
	assert_string_equal(fake.expunged, "new/u1 ");
	assert_non_null(strstr(output, "+OK bye, 1 messages left\r\n"));
}

static void
says_when_an_expunge_failed(void **state)
{
	(void)state;
	fake.expunge = MAILBOX_TEMPORARY;
	talk(LOGIN "DELE 1\r\nQUIT\r\n");
	assert_non_null(strstr(output, "\r\n-ERR [SYS/TEMP] "));
	assert_null(strstr(output, "+OK bye"));
}

static void
says_why_a_login_failed(void **state)
{
	static const struct {
		enum sasl_relay_result verify;
		enum mailbox_result open;
		const char *answer;
	} rows[] = {
	    {SASL_RELAY_TEMPORARY, MAILBOX_OK, "\r\n-ERR [SYS/TEMP] "},
	    {SASL_RELAY_DENIED, MAILBOX_OK, "\r\n-ERR [AUTH] "},
	    {SASL_RELAY_OK, MAILBOX_IN_USE, "\r\n-ERR [IN-USE] "},
	    {SASL_RELAY_OK, MAILBOX_DENIED, "\r\n-ERR [SYS/TEMP] "},
	    {SASL_RELAY_OK, MAILBOX_TEMPORARY, "\r\n-ERR [SYS/TEMP] "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		fake.verify = rows[i].verify;
		fake.open = rows[i].open;
		talk(LOGIN "STAT\r\nQUIT\r\n");
		assert_non_null(strstr(output, rows[i].answer));
		assert_non_null(strstr(output, "-ERR log in first\r\n+OK bye"));
	}
}

static void
limits_failed_logins(void **state)
{
	const char *unknown, *wrong;
	static char first[OUTPUT_MAX];

	(void)state;
	talk("USER jill\r\nPASS x\r\nQUIT\r\n");
	memcpy(first, output, sizeof(first));
	talk("USER jack\r\nPASS x\r\nQUIT\r\n");
	unknown = strstr(first, "-ERR [AUTH]");
	wrong = strstr(output, "-ERR [AUTH]");
	assert_non_null(unknown);
	assert_string_equal(unknown, wrong);

	talk("USER a\r\nPASS b\r\nUSER a\r\nPASS b\r\nUSER a\r\nPASS b\r\n"
	     "NOOP\r\n" LOGIN);
	assert_non_null(strstr(output, "closing\r\n"));
	assert_null(strstr(output, "log in first"));
	assert_int_equal(fake.opened, 0);
}

static void
waits_longer_after_each_failure(void **state)
{
	int64_t start = clock_now();

	(void)state;
	conf.failed_login = 20 * CLOCK_MILLISECOND;
	talk("USER a\r\nPASS b\r\nUSER a\r\nPASS b\r\nNOOP\r\n");
	assert_true(clock_now() - start >= 60 * CLOCK_MILLISECOND);
}

static void
wants_user_before_each_pass(void **state)
{
	(void)state;
	talk("PASS x\r\nUSER jack\r\nPASS x\r\nPASS  open sesame\r\nUSER\r\n");
	assert_string_equal(output,
	    GREETING "-ERR send USER first\r\n+OK send PASS\r\n"
		     "-ERR [AUTH] wrong user name or password\r\n"
		     "-ERR send USER first\r\n-ERR too few arguments\r\n");
}

static void
guards_plaintext_passwords(void **state)
{
	(void)state;
	talk("CAPA\r\nQUIT\r\n");
	assert_non_null(strstr(output, "\r\nUSER\r\n"));
	assert_null(strstr(output, "IMPLEMENTATION"));

	client.is_local = 0;
	talk("CAPA\r\n" LOGIN);
	assert_null(strstr(output, "\r\nUSER\r\n"));
	assert_non_null(strstr(output, ".\r\n-ERR [AUTH] no login"));
	assert_int_equal(fake.opened, 0);

	conf.plaintext_login = PLAINTEXT_ALWAYS;
	talk(LOGIN "CAPA\r\n");
	assert_non_null(strstr(output, "\r\nUSER\r\n"));
	assert_non_null(strstr(output, "\r\nIMPLEMENTATION ringmail\r\n"));

	client.is_local = 1;
	conf.plaintext_login = PLAINTEXT_NEVER;
	talk(LOGIN);
	assert_non_null(strstr(output, "-ERR [AUTH] no login"));
}

static void
logs_in_by_other_ways(void **state)
{
	static char apop[] = "APOP";
	char *one[] = {apop};
	char *stamp;

	(void)state;
	talk("CAPA\r\nAUTH\r\nAUTH USER\r\nAUTH x\r\nAPOP a b\r\n");
	assert_non_null(strstr(output, "\r\nSASL SCRAM-SHA-1 PLAIN\r\n"));
	assert_non_null(strstr(output, "follow\r\nSCRAM-SHA-1\r\nPLAIN\r\n.\r\n"
				       "-ERR no such mechanism here\r\n"
				       "-ERR no such mechanism here\r\n"
				       "-ERR unknown command\r\n"));
	talk("AUTH plain  open sesame\r\nSTAT\r\nAUTH PLAIN x\r\n");
	assert_string_equal(fake.mechanism, "plain");
	assert_non_null(strstr(output, "\r\n+OK 2 26\r\n-ERR you are"));
	conf.plaintext_login = PLAINTEXT_NEVER;
	talk("CAPA\r\nAUTH PLAIN  open sesame\r\n");
	assert_non_null(strstr(output, "\r\nSASL SCRAM-SHA-1\r\n"));
	assert_non_null(strstr(output, "\r\n-ERR [AUTH] no login"));

	conf.plaintext_login = PLAINTEXT_LOOPBACK;
	conf.mechanisms = (struct conf_list){.items = one, .count = 1};
	talk("USER jack\r\nAPOP jack 41\r\nAPOP jack 42\r\n");
	assert_non_null(
	    strstr(output, "\r\n-ERR unknown command\r\n-ERR [AUTH] "
			   "wrong user name or password\r\n+OK 2 "));
	stamp = strchr(output, '<');
	assert_non_null(stamp);
	assert_memory_equal(stamp, fake.timestamp, strlen(fake.timestamp));
}

static void
refuses_wrong_commands(void **state)
{
	static char line[400];

	(void)state;
	memset(line, 'x', 300);
	memcpy(line, "NOOP ", 5);
	memcpy(line + 300, "\r\nQUIT\r\n", 9);
	talk(line);
	assert_string_equal(
	    output, GREETING "-ERR a line that is too long\r\n+OK bye\r\n");

	talk(LOGIN "USER jack\r\nXYZ\r\nRETR 4294967297\r\nRETR 3\r\nRETR 0\r\n"
		   "LIST -1\r\nDELE 1xyz\r\nTOP 1\r\nSTAT 1\r\n\r\n");
	assert_non_null(
	    strstr(output, "-ERR you are logged in already\r\n"
			   "-ERR unknown command\r\n"
			   "-ERR no message 4294967297, there are 2\r\n"
			   "-ERR no message 3, there are 2\r\n"
			   "-ERR a message number that is 0\r\n"
			   "-ERR a negative number\r\n"
			   "-ERR an argument that is no number\r\n"
			   "-ERR too few arguments\r\n"
			   "-ERR too many arguments\r\n"
			   "-ERR that is no command\r\n"));

	conf.errors = 2;
	talk("XXXX\r\nXXXX\r\nNOOP\r\n");
	assert_string_equal(output,
	    GREETING "-ERR unknown command\r\n"
		     "-ERR unknown command; too many errors, closing\r\n");
}

static void
never_sends_a_part_as_the_whole(void **state)
{
	static char large[140001];

	(void)state;
	fake.fetch = MAILBOX_NO_LETTER;
	talk(LOGIN "RETR 1\r\nQUIT\r\n");
	assert_non_null(strstr(output, "-ERR message 1 was removed"));
	fake.fetch = MAILBOX_TEMPORARY;
	talk(LOGIN "RETR 1\r\nQUIT\r\n");
	assert_non_null(strstr(output, "\r\n-ERR [SYS/TEMP] "));

	fake.fetch = MAILBOX_OK;
	fake.cut = 1;
	memset(large, 'x', sizeof(large) - 2);
	large[sizeof(large) - 2] = '\n';
	fake.letters[1] = large;
	talk(LOGIN "RETR 1\r\nRETR 2\r\nQUIT\r\n");
	assert_non_null(strstr(output, "-ERR message 1 was"));
	assert_non_null(strstr(output, "-ERR message 2 was"));
	assert_non_null(strstr(output, "+OK bye"));

	fake.cut = 0;
	fake.truncated = 1;
	talk(LOGIN "RETR 2\r\nQUIT\r\n");
	assert_non_null(strstr(output, "+OK 140001 octets\r\nxxx"));
	assert_null(strstr(output, "\r\n.\r\n"));
	assert_null(strstr(output, "+OK bye"));
}

/* What the list of letters says is damaged is told to nobody but the helper. */
static void
never_shows_a_damaged_row(void **state)
{
	(void)state;
	fake.damaged = 2;
	fake.told = 0;
	talk(LOGIN "LIST 1\r\nLIST 2\r\nNOOP\r\n");
	assert_non_null(strstr(output,
	    "\r\n+OK 1 12\r\n-ERR [SYS/TEMP] the maildrop's index is "
	    "damaged, try again later\r\n"));
	assert_int_equal(fake.told, 1);
	talk(LOGIN "UIDL\r\nNOOP\r\n");
	assert_null(strstr(output, "2 u1"));
	assert_null(strstr(output, "\r\n.\r\n"));
	assert_int_equal(fake.told, 2);
	talk(LOGIN "RETR 2\r\nDELE 2\r\nQUIT\r\n");
	assert_null(strstr(output, "deleted"));
	assert_string_equal(fake.expunged, "");
	assert_int_equal(fake.told, 3);
	fake.damaged = 0;
}

static void
lists_numbers_of_any_length(void **state)
{
	static const uint64_t sizes[] = {9, 10, 99, 100,
	    UINT64_C(9999999999999999999), UINT64_C(10000000000000000000),
	    UINT64_MAX};
	char line[60];

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		fake.octets[1] = sizes[i];
		talk(LOGIN "LIST 2\r\n");
		snprintf(
		    line, sizeof(line), "\r\n+OK 2 %" PRIu64 "\r\n", sizes[i]);
		assert_non_null(strstr(output, line));
	}
	fake.octets[1] = 0;
}

static void
sends_large_letters_whole(void **state)
{
	static char large[140001];
	const char *start;

	(void)state;
	for (size_t i = 0; i < sizeof(large) - 1; i++)
		large[i] = i % 50 == 49 ? '\n' : 'x';
	fake.letters[1] = large;
	/* Its lines were not counted. */
	fake.octets[1] = sizeof(large) - 1;
	talk(LOGIN "RETR 2\r\nQUIT\r\n");
	start = strstr(output, "+OK 142800 octets\r\n");
	assert_non_null(start);
	assert_memory_equal(start + strlen("+OK 142800 octets\r\n") + 142800,
	    ".\r\n+OK bye", 10);
}

/* Larger than the output buffer, and still no descriptor. */
static void
sends_middling_letters_whole(void **state)
{
	static char text[MAILBOX_SMALL_MAX + 1];
	const char *start;

	(void)state;
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = i % 64 == 63 ? '\n' : 'x';
	fake.letters[1] = text;
	talk(LOGIN "RETR 2\r\nQUIT\r\n");
	start = strstr(output, "+OK 33280 octets\r\n");
	assert_non_null(start);
	assert_memory_equal(
	    start + strlen("+OK 33280 octets\r\n") + 33280, ".\r\n+OK bye", 10);
}

static void
fetches_small_letters_together(void **state)
{
	(void)state;
	fake.fetches = 0;
	talk(LOGIN "RETR 1\r\nRETR 2\r\nRETR 2\r\nQUIT\r\n");
	assert_non_null(strstr(output, "a: b\r\n\r\n..c\r\n.\r\n+OK 14 oct"));
	assert_non_null(strstr(output, "f\r\ng\r\n.\r\n+OK 14 octets\r\nd: e"));
	assert_int_equal(fake.fetches, 2);
	/* Neither the one that was deleted, nor those that are jumped over. */
	fake.fetches = 0;
	talk(LOGIN "DELE 2\r\nRETR 1\r\nRSET\r\nRETR 2\r\nQUIT\r\n");
	assert_non_null(strstr(output, "f\r\ng\r\n.\r\n+OK bye"));
	assert_int_equal(fake.fetches, 2);
	fake.fetches = 0;
	talk(LOGIN "RETR 1\r\nTOP 2 1\r\nRETR 2\r\nQUIT\r\n");
	assert_non_null(strstr(output, "f\r\ng\r\n.\r\n+OK bye"));
	assert_non_null(strstr(output, "f\r\n.\r\n+OK 14 octets"));
}

static void
logs_out_after_silence(void **state)
{
	(void)state;
	conf.idle = 50 * CLOCK_MILLISECOND;
	converse(LOGIN "DELE 1\r\n", 0);
	/* RFC 1939 3: without any response, and nothing removed. */
	assert_string_equal(output,
	    GREETING "+OK send PASS\r\n+OK 2 messages (26 octets)\r\n"
		     "+OK message 1 deleted\r\n");
	assert_string_equal(fake.expunged, "");
	assert_int_equal(fake.closed, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(reads_a_maildrop, set_up),
	    cmocka_unit_test_setup(deletes_at_quit_alone, set_up),
	    cmocka_unit_test_setup(says_when_an_expunge_failed, set_up),
	    cmocka_unit_test_setup(says_why_a_login_failed, set_up),
	    cmocka_unit_test_setup(limits_failed_logins, set_up),
	    cmocka_unit_test_setup(waits_longer_after_each_failure, set_up),
	    cmocka_unit_test_setup(wants_user_before_each_pass, set_up),
	    cmocka_unit_test_setup(guards_plaintext_passwords, set_up),
	    cmocka_unit_test_setup(logs_in_by_other_ways, set_up),
	    cmocka_unit_test_setup(refuses_wrong_commands, set_up),
	    cmocka_unit_test_setup(never_sends_a_part_as_the_whole, set_up),
	    cmocka_unit_test_setup(never_shows_a_damaged_row, set_up),
	    cmocka_unit_test_setup(lists_numbers_of_any_length, set_up),
	    cmocka_unit_test_setup(sends_large_letters_whole, set_up),
	    cmocka_unit_test_setup(sends_middling_letters_whole, set_up),
	    cmocka_unit_test_setup(fetches_small_letters_together, set_up),
	    cmocka_unit_test_setup(logs_out_after_silence, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

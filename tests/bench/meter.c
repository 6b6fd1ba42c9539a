/*
 * meter [ROUNDS] -- what counting costs, in ns of one thread: of one thing, and
 * of all that smtpd's, pop3d's and the mailbox helper's processes count of a
 * session with one message and of one with a login.  Each figure is a median of
 * rounds, twice: with all of it in the processor's first cache, and after
 * memory that is larger than the second one was read, as between two sessions
 * of a server that does something else meanwhile.
 */
#include "clock.h"
#include "meter.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#define ROUNDS_MAX 999
#define TURNS	   1000
#define OTHER	   ((size_t)8 << 20)

static unsigned rounds = 99;
static char *other;

/* -- one thing */

static void
one_add(void)
{
	meter_add(METER_OCTETS_IN, 1);
}

static void
one_time(void)
{
	int64_t since = clock_now();

	meter_time(METER_COMMAND_TIME, clock_now() - since);
}

static void
one_command(void)
{
	meter_add(METER_COMMAND + meter_command("DELE"), 1);
}

static void
one_reply(void)
{
	meter_add(METER_REPLIES + meter_code("554 5.7.1 no"), 1);
}

/* -- sessions, as the sources count them */

static void
command(const char *verb, const char *reply)
{
	int64_t since = clock_now();

	meter_add(METER_OCTETS_IN, 30);
	meter_add(METER_COMMAND + meter_command(verb), 1);
	meter_add(METER_REPLIES + meter_code(reply), 1);
	meter_time(METER_COMMAND_TIME, clock_now() - since);
	meter_add(METER_OCTETS_OUT, 30);
}

/* Both of its ends. */
static void
request(enum meter_helper helper)
{
	int64_t since = clock_now();

	meter_add(METER_PENDING + helper, 1);
	meter_add(METER_ANSWERING, 1);
	meter_add(METER_ANSWERED, 1);
	meter_sub(METER_ANSWERING, 1);
	if (meter_answer(helper, 0, clock_now() - since) == -1)
		err(1, "meter_answer");
}

static void
begin_session(void)
{
	meter_add(METER_SESSIONS, 1);
	meter_sub(METER_STACKS_IDLE, 1);
	meter_add(METER_FIBERS, 1);
	meter_add(METER_SESSIONS_TOTAL, 1);
	meter_time(METER_BANNER_TIME, clock_now());
}

static void
end_session(void)
{
	meter_add(METER_LINES, 1);
	meter_sub(METER_SESSIONS, 1);
	meter_sub(METER_FIBERS, 1);
	meter_add(METER_STACKS_IDLE, 1);
}

static void
delivery(void)
{
	int64_t since;

	begin_session();
	meter_add(METER_REPLIES + meter_code("220"), 1);
	command("EHLO", "250");
	command("MAIL", "250");
	command("RCPT", "250");
	request(METER_ACCOUNTS);
	meter_add(METER_REPLIES + meter_code("354"), 1);
	command("DATA", "250");
	since = clock_now();
	request(METER_MAILBOX);
	meter_put(METER_QUEUED, 1);
	meter_put(METER_QUEUED, 0);
	meter_note(METER_BATCH, 1, 1);
	meter_time(METER_SYNC_TIME, clock_now() - since);
	meter_put(METER_JOURNAL_USED, 1);
	meter_time(METER_COMMIT_TIME, clock_now() - since);
	meter_add(METER_MESSAGES, 1);
	meter_add(METER_MESSAGE_OCTETS, 1);
	meter_add(METER_RECIPIENTS, 1);
	command("QUIT", "221");
	end_session();
}

static void
login(void)
{
	int64_t since;

	begin_session();
	meter_add(METER_REPLIES + meter_code("+OK"), 1);
	command("USER", "+OK");
	since = clock_now();
	request(METER_ACCOUNTS);
	meter_add(METER_WAITING, 1);
	meter_sub(METER_WAITING, 1);
	request(METER_HASHER);
	meter_add(METER_LOGINS + meter_mechanism("USER") * METER_RESULTS, 1);
	meter_time(METER_LOGIN_TIME, clock_now() - since);
	request(METER_MAILBOX);
	command("PASS", "+OK");
	command("STAT", "+OK");
	command("QUIT", "+OK");
	end_session();
}

/* -- how long */

static double
warm(void (*what)(void))
{
	int64_t since = clock_now();

	for (int i = 0; i < TURNS; i++)
		what();
	return (double)(clock_now() - since) / TURNS;
}

/* Two looks at the clock belong to the measurement. */
static double
cold(void (*what)(void))
{
	volatile char *p = other;
	int64_t since, own;

	for (size_t i = 0; i < OTHER; i += 64)
		p[i]++;
	since = clock_now();
	own = clock_now() - since;
	since = clock_now();
	what();
	since = clock_now() - since;
	return since > own ? (double)(since - own) : 0;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double (*how)(void (*what)(void)), void (*what)(void))
{
	double figures[ROUNDS_MAX];

	for (unsigned i = 0; i < rounds; i++)
		figures[i] = how(what);
	qsort(figures, rounds, sizeof(*figures), compare);
	return figures[rounds / 2];
}

static void
row(const char *what, void (*run)(void))
{
	printf("| %s | %.1f ns | %.0f ns |\n", what, median(warm, run),
	    median(cold, run));
}

int
main(int argc, char **argv)
{
	if (argc > 1)
		rounds = (unsigned)strtoul(argv[1], NULL, 10);
	if (rounds < 1 || rounds > ROUNDS_MAX)
		errx(2, "usage: meter [rounds, 1 to %d]", ROUNDS_MAX);
	if (meter_share(1) == -1 || (other = malloc(OTHER)) == NULL)
		err(1, "memory");
	meter_begin(0, 1, METER_OTHERS_GO);
	printf("| counting | warm | cold |\n| --- | --- | --- |\n");
	row("an addition", one_add);
	row("a time, with two looks at the clock", one_time);
	row("a command, the last of its names", one_command);
	row("a reply, one of the last of its codes", one_reply);
	row("a session with one message, all processes", delivery);
	row("a session with one login, all processes", login);
	free(other);
	return 0;
}

#include "stats_command.h"

#include "conf_dump.h"
#include "metrics.h"
#include "output.h"

#include <err.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SECONDS	     2
#define SECONDS_MOST 3600

/* Two looks, and the time between them; `before` NULL: since the beginning. */
struct look {
	const struct metrics *now, *before;
	double seconds;
};

static volatile sig_atomic_t interrupted;

static void
note(int number)
{
	interrupted = number;
}

/* A counter: so many, or so many a second. */
static double
count(const struct look *l, const char *name, const char *one, const char *two)
{
	double sum = metrics_sum(l->now, name, one, two);

	if (l->before == NULL)
		return sum;
	sum -= metrics_sum(l->before, name, one, two);
	/* It began anew meanwhile. */
	return sum > 0 ? sum / l->seconds : 0;
}

static void
put_time(const char *what, double seconds)
{
	if (seconds < 0)
		return;
	if (isinf(seconds))
		printf("  %s >134 s", what);
	else if (seconds < 0.001)
		printf("  %s <%.0f us", what, seconds * 1e6);
	else if (seconds < 1)
		printf("  %s <%.0f ms", what, seconds * 1e3);
	else
		printf("  %s <%.0f s", what, seconds);
}

static void
put_latency(const struct look *l, const char *title, const char *name,
    const char *label)
{
	double half = metrics_quantile(l->now, l->before, name, label, 0.5);

	if (half < 0)
		return;
	printf("  %-18s", title);
	put_time("half", half);
	put_time(
	    "99 %", metrics_quantile(l->now, l->before, name, label, 0.99));
	putchar('\n');
}

static void
print_service(const struct look *l, const char *name, const char *label)
{
	const char *per = l->before == NULL ? "" : "/s";

	if (metrics_sum(l->now, "ringmail_up", label, NULL) == 0) {
		printf("%s does not run\n", name);
		return;
	}
	printf("%-6s %.0f sessions; %.1f%s begun, %.1f%s refused, %.1f%s "
	       "turned away\n",
	    name, metrics_sum(l->now, "ringmail_sessions", label, NULL),
	    count(l, "ringmail_sessions_opened_total", label, NULL), per,
	    count(l, "ringmail_connections_refused_total", label, NULL), per,
	    count(l, "ringmail_evictions_total", label, NULL), per);
	printf("  %-18s  in %.0f%s  out %.0f%s\n", "octets",
	    count(l, "ringmail_received_bytes_total", label, NULL), per,
	    count(l, "ringmail_sent_bytes_total", label, NULL), per);
	printf("  %-18s  good %.1f%s  bad %.1f%s\n", "logins",
	    count(l, "ringmail_logins_total", label, "result=\"good\""), per,
	    count(l, "ringmail_logins_total", label, "result=\"bad\""), per);
	put_latency(l, "greeting", "ringmail_banner_seconds", label);
	put_latency(l, "command", "ringmail_command_seconds", label);
	put_latency(l, "login", "ringmail_login_seconds", label);
}

static void
print_mail(const struct look *l)
{
	static const char messages[] = "ringmail_messages_total";
	const char *per = l->before == NULL ? "" : "/s";

	printf("  %-18s  taken %.1f%s  refused %.1f%s  put off %.1f%s\n",
	    "messages", count(l, messages, "result=\"good\"", NULL), per,
	    count(l, messages, "result=\"bad\"", NULL), per,
	    count(l, messages, "result=\"temporary\"", NULL), per);
	put_latency(l, "until durable", "ringmail_commit_seconds", NULL);
}

static void
print_drops(const struct look *l)
{
	const char *per = l->before == NULL ? "" : "/s";

	printf("  %-18s  fetched %.1f%s  deleted %.1f%s\n", "messages",
	    count(l, "ringmail_messages_retrieved_total", NULL, NULL), per,
	    count(l, "ringmail_messages_deleted_total", NULL, NULL), per);
}

static void
print_helpers(const struct look *l)
{
	static const struct {
		const char *name, *label;
	} helpers[] = {{"accounts", "helper=\"accounts\""},
	    {"mailbox", "helper=\"mailbox\""},
	    {"resolver", "helper=\"resolver\""}, {"keys", "helper=\"keys\""}};
	double batch;

	printf("helpers\n");
	for (size_t i = 0; i < sizeof(helpers) / sizeof(helpers[0]); i++) {
		printf("  %-18s  waiting %.0f", helpers[i].name,
		    metrics_sum(l->now, "ringmail_requests_pending",
			helpers[i].label, NULL));
		put_time("99 %",
		    metrics_quantile(l->now, l->before,
			"ringmail_request_seconds", helpers[i].label, 0.99));
		putchar('\n');
	}
	batch = metrics_quantile(
	    l->now, l->before, "ringmail_batch_messages", NULL, 0.5);
	if (batch >= 0)
		printf("  %-18s  half <= %.0f messages\n", "batches", batch);
	put_latency(l, "journal sync", "ringmail_journal_sync_seconds", NULL);
	printf("  %-18s  %.0f deliveries, %.0f logins, %.0f handshakes, "
	       "%.0f connections\n",
	    "queues",
	    metrics_sum(l->now, "ringmail_deliveries_queued", NULL, NULL),
	    metrics_sum(l->now, "ringmail_logins_waiting", NULL, NULL),
	    metrics_sum(l->now, "ringmail_handshakes_queued", NULL, NULL),
	    metrics_sum(l->now, "ringmail_connections_queued", NULL, NULL));
}

static void
print_look(const struct look *l)
{
	print_service(l, "smtpd", "process=\"smtpd\"");
	print_mail(l);
	print_service(l, "pop3d", "process=\"pop3d\"");
	print_drops(l);
	print_helpers(l);
}

/* What a counter has grown by a second; -1: it is none, or there was one look.
 */
static double
rate_of(const struct look *l, const struct metrics_sample *s)
{
	const char *end = strrchr(s->name, '_');

	if (l->before == NULL || end == NULL || strcmp(end, "_total") != 0)
		return -1;
	return (s->value - metrics_value(l->before, s)) / l->seconds;
}

/* Each sample as it is, and the rate of counters. */
static void
print_json(const struct look *l)
{
	const struct metrics_sample *s;
	double rate;

	output_begin(1);
	for (size_t i = 0; i < l->now->count; i++) {
		s = &l->now->samples[i];
		output_next();
		output_text("name", s->name);
		output_text("labels", s->labels);
		output_real("value", s->value);
		if ((rate = rate_of(l, s)) >= 0)
			output_real("rate", rate);
	}
	output_end();
}

/* Where metrics are shown: what the line says, or the conf.  0 or -1. */
static int
find_address(const char *folder, const char *from, char *address, size_t size)
{
	char value[CONF_DUMP_VALUE_MAX] = "", *rest = value, *item = NULL;
	struct conf_dump dump;

	if (from == NULL) {
		if (conf_dump_read(&dump, "helpers", folder) == -1)
			return -1;
		conf_dump_value(&dump, "metrics.listen", value, sizeof(value));
		conf_dump_free(&dump);
		item = conf_dump_item(&rest);
	}
	snprintf(address, size, "%s",
	    from != NULL   ? from
	    : item != NULL ? item
			   : "");
	if (address[0] != '\0')
		return 0;
	warnx("nothing is counted for others to see: set metrics { listen } "
	      "in helpers.conf");
	return -1;
}

static enum client_exit
take_line(const char *folder, char **args, int count_, char *address,
    size_t size, long *seconds)
{
	const char *from = NULL;
	char *end;
	int i = 0;

	if (count_ >= 2 && strcmp(args[0], "--from") == 0) {
		from = args[1];
		i = 2;
	}
	if (i < count_ && seconds != NULL) {
		*seconds = strtol(args[i], &end, 10);
		if (*end == '\0' && *seconds >= 1 && *seconds <= SECONDS_MOST)
			i++;
	}
	if (i != count_) {
		warnx(seconds == NULL ? "stats takes: " STATS_COMMAND_USAGE
				      : "top takes: " STATS_COMMAND_TOP);
		return CLIENT_USAGE;
	}
	return find_address(folder, from, address, size) == 0 ? CLIENT_OK
							      : CLIENT_REFUSED;
}

enum client_exit
stats_command_run(const char *folder, char **args, int count_)
{
	char address[CONF_DUMP_VALUE_MAX];
	struct metrics now;
	const struct look look = {.now = &now};
	enum client_exit code;

	code = take_line(folder, args, count_, address, sizeof(address), NULL);
	if (code != CLIENT_OK)
		return code;
	if (metrics_fetch(&now, address) == -1)
		return CLIENT_TEMPORARY;
	if (output_json)
		print_json(&look);
	else
		print_look(&look);
	metrics_free(&now);
	return CLIENT_OK;
}

static double
seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Whether a service's counters are there now and were not before, so that what
 * it had counted would look like what goes on. */
static int
is_new(const struct metrics *now, const struct metrics *before)
{
	static const char starts[] = "ringmail_process_starts_total";
	static const char *const labels[] = {
	    "process=\"smtpd\"", "process=\"pop3d\""};

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (metrics_sum(before, starts, labels[i], NULL) == 0 &&
		    metrics_sum(now, starts, labels[i], NULL) > 0)
			return 1;
	return 0;
}

/* Shows look after look; *before is freed at the end.  A screen stays while
 * nobody answers: helpers may be started anew. */
static enum client_exit
watch(const char *address, long seconds, struct metrics *before)
{
	const struct timespec nap = {.tv_sec = seconds};
	int is_live = isatty(STDOUT_FILENO) && !output_json;
	double then = seconds_now();
	struct metrics now;

	do {
		nanosleep(&nap, NULL);
		if (interrupted)
			break;
		if (metrics_fetch(&now, address) == -1) {
			if (!is_live)
				return CLIENT_TEMPORARY;
			continue;
		}
		const struct look look = {&now,
		    is_new(&now, before) ? &now : before, seconds_now() - then};

		then = seconds_now();
		if (is_live)
			fputs("\033[H\033[2J", stdout);
		if (output_json)
			print_json(&look);
		else
			print_look(&look);
		fflush(stdout);
		metrics_free(before);
		*before = now;
	} while (is_live && !interrupted);
	return CLIENT_OK;
}

enum client_exit
stats_command_top(const char *folder, char **args, int count_)
{
	struct sigaction catch = {.sa_handler = note};
	char address[CONF_DUMP_VALUE_MAX];
	struct metrics before;
	enum client_exit code;
	long seconds = SECONDS;

	code =
	    take_line(folder, args, count_, address, sizeof(address), &seconds);
	if (code != CLIENT_OK)
		return code;
	if (metrics_fetch(&before, address) == -1)
		return CLIENT_TEMPORARY;
	sigaction(SIGINT, &catch, NULL);
	sigaction(SIGTERM, &catch, NULL);
	code = watch(address, seconds, &before);
	metrics_free(&before);
	return code;
}

/* helpers/metrics_sources, metrics_text, metrics_past and metrics_page: whose
 * counters there are, and how they look. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../helpers/fleet.h"
#include "../../helpers/metrics_page.h"
#include "../../helpers/metrics_park.h"
#include "../../helpers/metrics_past.h"
#include "../../helpers/metrics_sources.h"
#include "../../helpers/metrics_text.h"
#include "meter_read.h"
#include "meter_table.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Memory of a service with one thread, as its parent makes it. */
struct memory {
	int fd;
	struct meter_set *set;
};

static struct memory
make(void)
{
	struct memory m = {.fd = memfd_create("x", MFD_ALLOW_SEALING)};

	assert_int_equal(ftruncate(m.fd, (off_t)meter_stride()), 0);
	m.set = mmap(
	    NULL, meter_stride(), PROT_READ | PROT_WRITE, MAP_SHARED, m.fd, 0);
	assert_ptr_not_equal(m.set, MAP_FAILED);
	assert_int_equal(fcntl(m.fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	return m;
}

static void
drop(struct memory *m)
{
	munmap(m->set, meter_stride());
	close(m->fd);
}

static void
add(struct memory *m, unsigned cell, uint64_t n)
{
	atomic_fetch_add(&m->set->cells[cell], n);
}

/* What is shown of a process; NULL where it is not. */
static const struct metrics_sum *
shown(const char *process)
{
	static struct metrics_sum sums[METRICS_SUMS];
	size_t count = metrics_sources_sum(sums);

	for (size_t i = 0; i < count; i++)
		if (strcmp(sums[i].process, process) == 0)
			return &sums[i];
	return NULL;
}

/* The descriptor stays ours. */
static int
take(enum server_role role, int fd, uint32_t sets, void **peer)
{
	return metrics_sources_take(role, dup(fd), sets, peer);
}

static void
tidy(void)
{
	metrics_sources_tidy();
	metrics_sources_tidy();
}

static uint64_t
messages(void)
{
	return shown("smtpd")->values[METER_MESSAGES];
}

/* All in one process, as the helper is one. */
static int
begin(void **state)
{
	(void)state;
	if (meter_share(SETS) == -1)
		return -1;
	meter_begin(SET_METRICS, SETS, METER_OTHERS_READ);
	return 0;
}

static void
old_memory_is_kept(void **state)
{
	struct memory a = make(), b = make();
	void *one = NULL, *two = NULL, *three = NULL;

	(void)state;
	add(&a, METER_MESSAGES, 5);
	add(&a, METER_SESSIONS, 2);
	assert_int_equal(shown("smtpd")->is_up, 0);
	assert_int_equal(take(ROLE_SMTPD, a.fd, 1, &one), 0);
	assert_int_equal(shown("smtpd")->is_up, 1);
	assert_int_equal(shown("pop3d")->is_up, 0);
	assert_int_equal(shown("smtpd")->values[METER_SESSIONS], 2);
	assert_int_equal(messages(), 5);
	/* A client process that follows hands the same memory over. */
	assert_int_equal(take(ROLE_SMTPD, a.fd, 1, &two), 0);
	assert_int_equal(messages(), 5);
	metrics_sources_gone(one);
	add(&a, METER_MESSAGES, 1);
	assert_int_equal(messages(), 6);
	metrics_sources_gone(two);
	assert_int_equal(shown("smtpd")->is_up, 0);
	assert_int_equal(shown("smtpd")->values[METER_SESSIONS], 0);
	assert_int_equal(messages(), 6);
	/* A new parent, new memory: both count. */
	add(&b, METER_MESSAGES, 10);
	assert_int_equal(take(ROLE_SMTPD, b.fd, 1, &three), 0);
	assert_int_equal(messages(), 16);
	tidy();
	assert_int_equal(messages(), 16);
	assert_int_equal(
	    atomic_load(&meter_at(SET_SMTPD_PAST)->cells[METER_MESSAGES]), 6);
	assert_int_equal(
	    atomic_load(&meter_at(SET_SMTPD_PAST)->cells[METER_SESSIONS]), 0);
	metrics_sources_gone(three);
	drop(&a);
	drop(&b);
}

/* A parent that keeps this memory, until it is told to end. */
static pid_t
keep(const struct memory *m)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int ready[2];
	char octet;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	if ((pid = fork()) == 0) {
		if (fcntl(m->fd, F_SETLK, &lock) == 0 &&
		    write(ready[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &octet, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

/* While its parent lives, a child process may be gone and come again. */
static void
kept_memory_is_counted_once(void **state)
{
	struct memory a = make();
	pid_t parent = keep(&a);
	void *peer = NULL;
	uint64_t before = messages();

	(void)state;
	add(&a, METER_MESSAGES, 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(take(ROLE_SMTPD, a.fd, 1, &peer), 0);
		assert_int_equal(messages(), before + 3);
		metrics_sources_gone(peer);
		tidy();
		assert_int_equal(messages(), before + 3);
		peer = NULL;
	}
	kill(parent, SIGKILL);
	waitpid(parent, NULL, 0);
	metrics_sources_tidy();
	/* A connection of before its end is seen: it is no second one. */
	assert_int_equal(take(ROLE_SMTPD, a.fd, 1, &peer), 0);
	metrics_sources_gone(peer);
	metrics_sources_tidy();
	assert_int_equal(messages(), before + 3);
	metrics_sources_tidy();
	add(&a, METER_MESSAGES, 100); /* it was let go */
	assert_int_equal(messages(), before + 3);
	drop(&a);
}

/* What one process of ours had, the next one has. */
static void
park_keeps_memory(void **state)
{
	struct metrics_parked all[METRICS_PARK_MOST], old[METRICS_PARK_MOST];
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	assert_int_equal(metrics_park_take(pair, old), 0);
	for (unsigned i = 0; i < METRICS_PARK_MOST; i++)
		all[i] = (struct metrics_parked){i, i * 2, dup(0)};
	/* The last one alone counts. */
	assert_int_equal(metrics_park_put(pair, all, 1), 0);
	assert_int_equal(metrics_park_put(pair, all, METRICS_PARK_MOST), 0);
	assert_int_equal(metrics_park_take(pair, old), METRICS_PARK_MOST);
	for (unsigned i = 0; i < METRICS_PARK_MOST; i++) {
		assert_int_equal(old[i].role, i);
		assert_int_equal(old[i].sets, i * 2);
		assert_int_not_equal(old[i].fd, all[i].fd);
		assert_int_equal(close(old[i].fd), 0);
	}
	assert_int_equal(metrics_park_take(pair, old), 0);
	assert_int_equal(metrics_park_put(pair, all, 2), 0);
	assert_int_equal(metrics_park_put(pair, all, 0), 0);
	assert_int_equal(metrics_park_take(pair, old), 0);
	/* Less than it says, or what nobody of ours would send. */
	assert_int_equal(send(pair[1], "xxx", 3, 0), 3);
	assert_int_equal(metrics_park_take(pair, old), 0);
	for (unsigned i = 0; i < METRICS_PARK_MOST; i++)
		close(all[i].fd);
	close(pair[0]);
	close(pair[1]);
}

/* Memory that was left is counted before anybody hands it over again. */
static void
left_memory_is_counted(void **state)
{
	struct memory a = make();
	pid_t parent = keep(&a);
	struct metrics_parked left[] = {{ROLE_POP3D, 1, a.fd}, {77, 0, a.fd}};
	void *peer = NULL;
	uint64_t before = shown("pop3d")->values[METER_DELETED];
	int pair[2];

	(void)state;
	add(&a, METER_DELETED, 7);
	add(&a, METER_SESSIONS, 2);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	assert_int_equal(metrics_park_put(pair, left, 2), 0);
	metrics_sources_begin(pair);
	assert_int_equal(shown("pop3d")->values[METER_DELETED], before + 7);
	assert_int_equal(shown("pop3d")->values[METER_SESSIONS], 0);
	assert_int_equal(shown("pop3d")->is_up, 0);
	assert_int_equal(take(ROLE_POP3D, a.fd, 1, &peer), 0);
	assert_int_equal(shown("pop3d")->values[METER_DELETED], before + 7);
	assert_int_equal(shown("pop3d")->values[METER_SESSIONS], 2);
	metrics_sources_gone(peer);
	kill(parent, SIGKILL);
	waitpid(parent, NULL, 0);
	tidy();
	assert_int_equal(shown("pop3d")->values[METER_DELETED], before + 7);
	/* It is not left for the next one. */
	assert_int_equal(metrics_park_take(pair, left), 0);
	drop(&a);
}

static void
bad_memory_is_refused(void **state)
{
	struct memory a = make();
	int file = open("/dev/null", O_RDWR);
	void *peer = NULL;

	(void)state;
	assert_int_equal(take(ROLE_POP3D, a.fd, 2, &peer), -1);
	assert_int_equal(take(ROLE_POP3D, a.fd, 0, &peer), -1);
	assert_int_equal(take(ROLE_POP3D, file, 1, &peer), -1);
	assert_null(peer);
	assert_int_equal(take(ROLE_POP3D, a.fd, 1, &peer), 0);
	/* One connection hands one over. */
	assert_int_equal(take(ROLE_POP3D, a.fd, 1, &peer), -1);
	metrics_sources_gone(peer);
	drop(&a);
	close(file);
}

/* Whoever hands over more than there is room for gets no more, and what he
 * has let go makes room. */
static void
places_are_bounded(void **state)
{
	struct memory m[64];
	void *peers[64] = {NULL};
	unsigned taken = 0;

	(void)state;
	for (unsigned i = 0; i < 64; i++) {
		m[i] = make();
		add(&m[i], METER_RETRIEVED, 1);
		taken += take(ROLE_POP3D, m[i].fd, 1, &peers[i]) == 0;
	}
	assert_in_range(taken, 32, 63);
	assert_int_equal(shown("pop3d")->values[METER_RETRIEVED], taken);
	for (unsigned i = 0; i < 64; i++)
		if (peers[i] != NULL)
			metrics_sources_gone(peers[i]);
	tidy();
	peers[0] = NULL;
	assert_int_equal(take(ROLE_POP3D, m[63].fd, 1, &peers[0]), 0);
	assert_int_equal(shown("pop3d")->values[METER_RETRIEVED], taken + 1);
	metrics_sources_gone(peers[0]);
	for (unsigned i = 0; i < 64; i++)
		drop(&m[i]);
}

/* Those of one name are one; those that never started are none. */
static void
helpers_are_summed_by_name(void **state)
{
	(void)state;
	assert_null(shown("hasher"));
	assert_null(shown("mailbox.1"));
	for (unsigned i = 0; i < 3; i++) {
		struct meter_set *set = meter_at(SET_HASHER + i);

		atomic_store(&set->cells[METER_STARTS], 1);
		atomic_store(&set->cells[METER_ANSWERED], 10);
	}
	atomic_store(
	    &meter_at(SET_HELPER + MAILBOX + 1)->cells[METER_STARTS], 1);
	assert_int_equal(shown("hasher")->values[METER_STARTS], 3);
	assert_int_equal(shown("hasher")->values[METER_ANSWERED], 30);
	assert_non_null(shown("mailbox.1"));
	assert_null(shown("mailbox"));
}

static char *
text(enum metrics_format format, size_t *length)
{
	static struct metrics_sum sums[METRICS_SUMS];
	size_t count = metrics_sources_sum(sums);
	char *out;

	for (size_t i = 0; i < count; i++)
		if (strcmp(sums[i].process, "smtpd") == 0) {
			sums[i].values[METER_BANNER_TIME] = 2;
			sums[i].values[METER_BANNER_TIME + METER_BOUNDS] = 1;
			sums[i].values[METER_BANNER_TIME + METER_BOUNDS + 1] =
			    UINT64_C(3000000007);
		}
	out = metrics_text(sums, count, format, length);
	assert_non_null(out);
	assert_int_equal(strlen(out), *length);
	return out;
}

static void
has(const char *in, const char *what)
{
	if (strstr(in, what) == NULL)
		fail_msg("not there: %s", what);
}

/* Sums that lack what a service has counted would look like a fall. */
static void
unknown_is_not_shown(void **state)
{
	struct metrics_sum sum = {
	    .process = "smtpd", .parts = METER_SMTPD, .is_client = 1};
	size_t length;
	char *open = metrics_text(&sum, 1, METRICS_OPEN, &length);

	(void)state;
	has(open, "\nringmail_up{process=\"smtpd\"} 0\n");
	assert_null(strstr(open, "\nringmail_messages_total"));
	free(open);
}

static void
text_is_as_it_should(void **state)
{
	size_t length;
	char *open = text(METRICS_OPEN, &length);
	char *plain = text(METRICS_PLAIN, &length);

	(void)state;
	has(open, "# TYPE ringmail_messages counter\n"
		  "# HELP ringmail_messages ");
	has(open, "# TYPE ringmail_banner_seconds histogram\n"
		  "# UNIT ringmail_banner_seconds seconds\n");
	has(open, "\nringmail_banner_seconds_bucket{process=\"smtpd\","
		  "le=\"1.6e-05\"} 2\n");
	has(open, "le=\"134.218\"} 2\n");
	has(open, "\nringmail_banner_seconds_bucket{process=\"smtpd\","
		  "le=\"+Inf\"} 3\n"
		  "ringmail_banner_seconds_sum{process=\"smtpd\"} 3.000000007\n"
		  "ringmail_banner_seconds_count{process=\"smtpd\"} 3\n");
	assert_null(strstr(open, "(null)"));
	assert_string_equal(open + strlen(open) - 6, "# EOF\n");
	has(plain, "# TYPE ringmail_messages_total counter\n");
	assert_null(strstr(plain, "# UNIT"));
	assert_null(strstr(plain, "# EOF"));
	free(open);
	free(plain);
}

static void
quantiles(void **state)
{
	uint64_t before[METER_HISTOGRAM] = {5, 5},
		 now[METER_HISTOGRAM] = {5, 5};

	(void)state;
	assert_int_equal(metrics_past_quantile(now, before, 500, 1), 0);
	now[0] += 50;
	now[3] += 45;
	now[10] += 5;
	assert_int_equal(metrics_past_quantile(now, before, 500, 1), 1);
	assert_int_equal(metrics_past_quantile(now, before, 501, 1), 8);
	assert_int_equal(metrics_past_quantile(now, before, 950, 1), 8);
	assert_int_equal(metrics_past_quantile(now, before, 951, 1), 1024);
	now[METER_BOUNDS] += 1000;
	assert_int_equal(
	    metrics_past_quantile(now, before, 950, 1), UINT64_MAX);
	before[5] = 1000000; /* whoever counts there began anew */
	assert_int_equal(metrics_past_quantile(now, before, 10, 1), 1);
}

static void
page_shows_no_nonsense(void **state)
{
	struct memory a = make();
	void *peer = NULL;
	size_t length;
	char *page;

	(void)state;
	assert_int_equal(take(ROLE_SMTPD, a.fd, 1, &peer), 0);
	add(&a, METER_LOST + METER_KEYS, 1000);
	metrics_past_step();
	add(&a, METER_SESSIONS, (uint64_t)-1);
	add(&a, METER_PENDING + METER_KEYS, (uint64_t)-1);
	add(&a, METER_LOST + METER_KEYS, (uint64_t)-1000);
	metrics_past_step();
	page = metrics_page(&length);
	assert_null(strstr(page, "1844674"));
	free(page);
	metrics_sources_gone(peer);
	drop(&a);
}

/* With no sample, with one, with as many as are kept, and more. */
static void
page_shows_the_past(void **state)
{
	static const unsigned steps[] = {0, 1, 2, 60, METRICS_PAST, 200};
	size_t length, done = 0;
	char *page;

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		for (; done < steps[i]; done++)
			metrics_past_step();
		assert_int_equal(metrics_past_count(),
		    done < METRICS_PAST ? done : METRICS_PAST);
		page = metrics_page(&length);
		assert_non_null(page);
		assert_int_equal(strlen(page), length);
		assert_in_range(length, 1000, 100000);
		has(page, "</html>\n");
		assert_null(strstr(page, "nan"));
		assert_null(strstr(page, "<script"));
		if (done > 0) {
			has(page, "Messages accepted");
			has(page, "smtpd is away.");
		}
		free(page);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(old_memory_is_kept),
	    cmocka_unit_test(kept_memory_is_counted_once),
	    cmocka_unit_test(park_keeps_memory),
	    cmocka_unit_test(left_memory_is_counted),
	    cmocka_unit_test(bad_memory_is_refused),
	    cmocka_unit_test(places_are_bounded),
	    cmocka_unit_test(helpers_are_summed_by_name),
	    cmocka_unit_test(unknown_is_not_shown),
	    cmocka_unit_test(text_is_as_it_should),
	    cmocka_unit_test(quantiles),
	    cmocka_unit_test(page_shows_the_past),
	    cmocka_unit_test(page_shows_no_nonsense),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}

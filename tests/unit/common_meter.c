/* common/meter, meter_table and meter_read: cells, memory that outlives who
 * counts in it, and what a reader takes for such memory. */
#include "meter.h"
#include "meter_read.h"
#include "meter_table.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SETS 4

/* Runs fn in a child, as a process that a parent starts does. */
static void
in_child(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0)
		_exit(fn());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static uint64_t
sum_of(unsigned cell)
{
	uint64_t values[METER_CELLS] = {0};
	struct meter_view v;

	assert_int_equal(meter_view_open(&v, meter_descriptor(), SETS), 0);
	meter_view_sum(&v, values);
	meter_view_close(&v);
	return values[cell];
}

/* Each cell is in one row, and no two rows have the same one or one name. */
static void
table_has_each_cell_once(void **state)
{
	unsigned char seen[METER_CELLS] = {0};

	(void)state;
	for (const struct meter_row *r = meter_table; r->name != NULL; r++) {
		assert_true(r->count > 0 && r->count2 > 0 && r->parts != 0);
		assert_non_null(r->help);
		assert_true((r->label == NULL) == (r->count == 1));
		assert_true((r->label2 == NULL) == (r->count2 == 1));
		assert_true(
		    (r->type == METER_HISTOGRAM_TYPE) == (r->first > 0));
		assert_in_range(r->bounds, 0, METER_BOUNDS);
		assert_in_range(r->cell + meter_row_cells(r), 1, METER_CELLS);
		for (unsigned i = 0; i < meter_row_cells(r); i++)
			assert_int_equal(seen[r->cell + i]++, 0);
		for (const struct meter_row *o = meter_table; o < r; o++)
			assert_string_not_equal(o->name, r->name);
	}
	for (unsigned c = 0; c < METER_CELLS; c++)
		assert_int_equal(seen[c], 1);
}

static void
names_have_their_numbers(void **state)
{
	(void)state;
	assert_int_equal(meter_command("xyzzy"), 0);
	assert_int_not_equal(meter_command("RCPT"), 0);
	assert_int_equal(meter_command("rcpt"), meter_command("RCPT"));
	assert_int_not_equal(meter_command("RETR"), meter_command("RSET"));
	assert_int_equal(meter_command(""), 0);
	assert_int_equal(meter_code("999 x"), 0);
	assert_int_not_equal(meter_code("250 ok"), meter_code("251 ok"));
	assert_int_equal(meter_code("+OK"), meter_code("+OK 1"));
	assert_int_equal(meter_code(""), 0);
	/* HELP, PRDR, and RFC 5321 4.1.1.11. */
	assert_int_not_equal(meter_code("214-x"), 0);
	assert_int_not_equal(meter_code("353 x"), 0);
	assert_int_not_equal(meter_code("555 5.5.4 x"), 0);
	assert_int_equal(meter_mechanism("plain"), meter_mechanism("PLAIN"));
	assert_int_equal(meter_mechanism("x"), 0);
	assert_int_equal(meter_helper("mailbox.12"), METER_MAILBOX);
	assert_int_equal(meter_helper("keys"), METER_KEYS);
	assert_int_equal(meter_helper("mailboxes"), METER_OTHER_HELPER);
	assert_int_equal(meter_helper("tester"), METER_OTHER_HELPER);
}

/* Cells that mean something else make another layout. */
static void
layout_has_all_names(void **state)
{
	static const char *const a[] = {"other", "250", "251"},
				 *const b[] = {"other", "250", "252"},
				 *const c[] = {"other", "251", "250"};
	const char *const *values[] = {a, b, c};
	struct meter_row rows[][2] = {
	    {{.name = "x", .values = a, .count = 3, .count2 = 1}},
	    {{.name = "x", .values = a, .count = 3, .count2 = 1, .first = 1}},
	    {{.name = "x", .count = 3, .count2 = 1}}};
	struct meter_row row[2] = {
	    {.name = "x", .count = 1, .label2 = "y", .count2 = 3}};
	uint32_t seen[6];
	size_t n = 0;

	(void)state;
	assert_int_equal(meter_layout(), meter_layout_of(meter_table));
	for (size_t i = 0; i < 3; i++)
		seen[n++] = meter_layout_of(rows[i]);
	for (size_t i = 0; i < 3; i++) {
		row[0].values2 = values[i];
		seen[n++] = meter_layout_of(row);
	}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(seen[i], seen[k]);
}

static void
gauges_below_0_are_0(void **state)
{
	uint64_t values[METER_CELLS] = {0};

	(void)state;
	values[METER_SESSIONS] = (uint64_t)-1;
	values[METER_PENDING + 1] = (uint64_t)-2;
	values[METER_FIBERS] = 3;
	values[METER_OCTETS_IN] = (uint64_t)-1; /* is no gauge */
	meter_lift_gauges(values);
	assert_int_equal(values[METER_SESSIONS], 0);
	assert_int_equal(values[METER_PENDING + 1], 0);
	assert_int_equal(values[METER_FIBERS], 3);
	assert_int_equal(values[METER_OCTETS_IN], UINT64_MAX);
}

/* Without memory, all of it does nothing. */
static void
without_memory(void **state)
{
	(void)state;
	assert_int_equal(meter_descriptor(), -1);
	meter_begin(0, 1, METER_OTHERS_GO);
	meter_thread(0);
	assert_null(meter_here);
	assert_null(meter_at(0));
	meter_add(METER_STARTS, 1);
	meter_put(METER_QUEUED, 1);
	meter_time(METER_COMMAND_TIME, 1);
}

static int
share(void **state)
{
	(void)state;
	return meter_share(SETS);
}

static int
count_some(void)
{
	meter_begin(1, 2, METER_OTHERS_GO);
	meter_add(METER_MESSAGES, 3);
	meter_add(METER_SESSIONS, 1); /* and dies with it */
	meter_thread(1);
	meter_add(METER_MESSAGES, 4);
	meter_sub(METER_PENDING, 1);
	meter_thread(2); /* not ours: nothing is counted */
	meter_add(METER_MESSAGES, 100);
	return meter_here != NULL;
}

static int
is_empty_of_gauges(void)
{
	meter_begin(1, 2, METER_OTHERS_GO);
	return sum_of(METER_SESSIONS) != 0 || sum_of(METER_PENDING) != 0;
}

static void
counters_outlive_a_process(void **state)
{
	(void)state;
	in_child(count_some);
	assert_int_equal(sum_of(METER_MESSAGES), 7);
	assert_int_equal(sum_of(METER_SESSIONS), 1);
	meter_end(1);
	meter_end(SETS); /* is none */
	assert_int_equal(sum_of(METER_SESSIONS), 0);
	assert_int_equal(sum_of(METER_PENDING), (uint64_t)-1);
	assert_int_equal(sum_of(METER_MESSAGES), 7);
	assert_int_equal(sum_of(METER_STARTS), 1);
	in_child(count_some);
	assert_int_equal(sum_of(METER_MESSAGES), 14);
	in_child(is_empty_of_gauges);
	assert_int_equal(sum_of(METER_STARTS), 3);
}

/* -1 on one thread and +1 on another are none. */
static int
move_session(void)
{
	meter_begin(0, 2, METER_OTHERS_GO);
	meter_add(METER_SESSIONS, 1);
	meter_thread(1);
	meter_sub(METER_SESSIONS, 1);
	return (int)sum_of(METER_SESSIONS);
}

static void
sums_go_over_threads(void **state)
{
	(void)state;
	in_child(move_session);
}

static int
touch_others(void)
{
	struct meter_set *set = meter_at(0);

	meter_begin(1, 1, METER_OTHERS_GO);
	atomic_store(&set->cells[0], 1);
	return 0;
}

static int
read_others(void)
{
	struct meter_set *set = meter_at(0);

	meter_begin(1, 1, METER_OTHERS_READ);
	return atomic_load(&set->cells[METER_LOST]) != 0;
}

static int
write_others(void)
{
	struct meter_set *set = meter_at(0);

	meter_begin(1, 1, METER_OTHERS_READ);
	atomic_store(&set->cells[0], 1);
	return 0;
}

static void
dies_of(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);
		_exit(fn());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void
others_sets_are_out_of_reach(void **state)
{
	(void)state;
	dies_of(touch_others);
	dies_of(write_others);
	in_child(read_others);
}

/* Who gets the descriptor reads, and can't change it. */
static void
descriptor_is_for_reading(void **state)
{
	size_t size = SETS * meter_stride();
	void *m = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
	    meter_descriptor(), 0);

	(void)state;
	assert_ptr_equal(m, MAP_FAILED);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(meter_descriptor(), 0), -1);
	assert_int_equal(write(meter_descriptor(), "x", 1), -1);
}

static void
reader_takes_no_other_memory(void **state)
{
	int fd = memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING), pipes[2];
	struct meter_view v;

	(void)state;
	assert_int_equal(meter_view_open(&v, meter_descriptor(), SETS + 1), -1);
	assert_int_equal(meter_view_open(&v, meter_descriptor(), 0), -1);
	assert_int_equal(
	    meter_view_open(&v, meter_descriptor(), UINT32_MAX), -1);
	/* Large enough, but it might shrink. */
	assert_int_equal(ftruncate(fd, (off_t)(SETS * meter_stride())), 0);
	assert_int_equal(meter_view_open(&v, fd, SETS), -1);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	assert_int_equal(meter_view_open(&v, fd, SETS), 0);
	meter_view_close(&v);
	meter_view_close(&v);
	close(fd);
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(meter_view_open(&v, pipes[0], SETS), -1);
	assert_int_equal(errno, EBADMSG);
	close(pipes[0]);
	close(pipes[1]);
}

/* The parent lives, and keeps it for another child. */
static void
memory_is_kept(void **state)
{
	int status, fd = memfd_create("x", MFD_CLOEXEC);
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(!meter_is_kept(meter_descriptor()) || meter_is_kept(fd));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(fd);
}

/* What a parent had before it became another program. */
static void
counters_are_inherited(void **state)
{
	int fd = memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	size_t size = SETS * meter_stride();
	char *old;

	(void)state;
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	old = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(old, MAP_FAILED);
	for (unsigned i = 0; i < SETS; i++) {
		struct meter_set *set =
		    (void *)(old + (size_t)i * meter_stride());

		atomic_store(&set->cells[METER_DELETED], 1000 + i);
		atomic_store(&set->cells[METER_QUEUED], 5);
	}
	assert_int_equal(meter_inherit(fd), -1); /* it is not sealed */
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	assert_int_equal(meter_inherit(fd), 0);
	for (unsigned i = 0; i < SETS; i++) {
		const struct meter_set *set = meter_at(i);

		assert_int_equal(
		    atomic_load(&set->cells[METER_DELETED]), 1000 + i);
		assert_int_equal(atomic_load(&set->cells[METER_QUEUED]), 0);
	}
	assert_int_equal(meter_inherit(-1), -1);
	munmap(old, size);
	close(fd);
}

static int
note_values(void)
{
	/* A bound has what is as large as it is. */
	static const struct {
		uint64_t value;
		unsigned bucket;
	} values[] = {{0, 0}, {1, 0}, {2, 1}, {3, 2}, {4, 2}, {5, 3}, {8, 3},
	    {1U << 23, 23}, {(1U << 23) + 1, METER_BOUNDS},
	    {UINT64_MAX / 2, METER_BOUNDS}};
	uint64_t sum = 0;

	meter_begin(0, 1, METER_OTHERS_GO);
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		uint64_t before = sum_of(METER_BATCH + values[i].bucket);

		meter_note(METER_BATCH, values[i].value, 1);
		sum += values[i].value;
		if (sum_of(METER_BATCH + values[i].bucket) != before + 1)
			return 1 + (int)i;
	}
	if (sum_of(METER_BATCH + METER_BOUNDS + 1) != sum)
		return 100;
	meter_time(METER_COMMIT_TIME, -5);
	meter_time(METER_COMMIT_TIME, METER_TIME_FIRST);
	meter_time(METER_COMMIT_TIME, METER_TIME_FIRST + 1);
	return sum_of(METER_COMMIT_TIME) != 2 ||
	       sum_of(METER_COMMIT_TIME + 1) != 1;
}

static void
histograms_have_their_bounds(void **state)
{
	(void)state;
	in_child(note_values);
}

#define TURNS 100000

static void *
count_many(void *arg)
{
	meter_thread(*(unsigned *)arg);
	for (unsigned i = 0; i < TURNS; i++)
		meter_add(METER_OCTETS_IN, 1);
	return NULL;
}

static int
count_in_threads(void)
{
	unsigned numbers[SETS] = {0, 1, 2, 3};
	pthread_t threads[SETS];

	meter_begin(0, SETS, METER_OTHERS_GO);
	for (unsigned i = 0; i < SETS; i++)
		if (pthread_create(
			&threads[i], NULL, count_many, &numbers[i]) != 0)
			return 1;
	for (unsigned i = 0; i < SETS; i++)
		pthread_join(threads[i], NULL);
	return sum_of(METER_OCTETS_IN) != (uint64_t)SETS * TURNS;
}

static void
threads_lose_nothing(void **state)
{
	(void)state;
	in_child(count_in_threads);
}

int
main(void)
{
	const struct CMUnitTest before[] = {
	    cmocka_unit_test(table_has_each_cell_once),
	    cmocka_unit_test(names_have_their_numbers),
	    cmocka_unit_test(layout_has_all_names),
	    cmocka_unit_test(gauges_below_0_are_0),
	    cmocka_unit_test(without_memory),
	};
	const struct CMUnitTest shared[] = {
	    cmocka_unit_test(counters_outlive_a_process),
	    cmocka_unit_test(sums_go_over_threads),
	    cmocka_unit_test(others_sets_are_out_of_reach),
	    cmocka_unit_test(descriptor_is_for_reading),
	    cmocka_unit_test(reader_takes_no_other_memory),
	    cmocka_unit_test(histograms_have_their_bounds),
	    cmocka_unit_test(threads_lose_nothing),
	    cmocka_unit_test(memory_is_kept),
	    cmocka_unit_test(counters_are_inherited),
	};

	return cmocka_run_group_tests(before, NULL, NULL) +
	       cmocka_run_group_tests(shared, share, NULL);
}

/* The journal: what comes back after stops, torn tails and flipped octets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../helpers/journal.h"
#include "../../helpers/journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE ((uint64_t)1 << 20)

struct room {
	char path[64];
	int dir;
	int syncs, sync_fails;
};

static int
setup(void **state)
{
	struct room *r = calloc(1, sizeof(*r));

	strcpy(r->path, "/tmp/ringmail.journal.XXXXXX");
	if (mkdtemp(r->path) == NULL)
		return -1;
	r->dir = open(r->path, O_RDONLY | O_DIRECTORY);
	*state = r;
	return r->dir == -1 ? -1 : 0;
}

static int
teardown(void **state)
{
	struct room *r = *state;

	unlinkat(r->dir, "journal.0", 0);
	unlinkat(r->dir, "journal.1", 0);
	close(r->dir);
	rmdir(r->path);
	free(r);
	return 0;
}

static int
fake_sync(void *arg)
{
	struct room *r = arg;

	__atomic_add_fetch(&r->syncs, 1, __ATOMIC_SEQ_CST);
	if (r->sync_fails) {
		errno = EIO;
		return -1;
	}
	return 0;
}

static struct journal *
open_journal(struct room *r, const char *boot, struct journal_findings *f)
{
	struct journal_conf conf = {.dir = r->dir,
	    .size = SIZE,
	    .boot = boot,
	    .sync = fake_sync,
	    .arg = r};
	struct journal *j = journal_open(&conf, f);

	assert_non_null(j);
	return j;
}

/* What a replay has shown. */
struct seen {
	unsigned count, settled;
	int numbers[4096];
	char kept[4096];
};

static int
note(void *arg, uint32_t type, const void *data, size_t length, int settled)
{
	struct seen *s = arg;

	assert_int_equal(type, 1);
	assert_true(length >= sizeof(int));
	assert_true(s->count < 4096);
	memcpy(&s->numbers[s->count], data, sizeof(int));
	s->kept[s->count++] = (char)settled;
	s->settled += (unsigned)settled;
	return 0;
}

static void
add(struct journal *j, int number, size_t padding)
{
	static char zeros[65536];
	struct iovec parts[2] = {{&number, sizeof(number)}, {zeros, padding}};

	assert_int_equal(journal_add(j, 1, parts, 2), 0);
	/* The batch borrows it: commit at once. */
	assert_int_equal(journal_commit(j), 0);
}

static void
read_back(struct room *r, const char *boot, struct seen *s,
    struct journal_findings *f)
{
	struct journal *j = open_journal(r, boot, f);

	memset(s, 0, sizeof(*s));
	assert_int_equal(journal_replay(j, note, s), 0);
	journal_close(&j);
}

/* Runs fn in a child that then dies as by SIGKILL. */
static void
in_child(struct room *r, void (*fn)(struct room *))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		fn(r);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static struct journal *
start_journal(struct room *r, const char *boot)
{
	struct journal_findings f;
	struct journal *j = open_journal(r, boot, &f);

	assert_int_equal(journal_start(j), 0);
	return j;
}

static void
write_ten(struct room *r)
{
	struct journal *j = start_journal(r, "boot1");
	int i;

	for (i = 0; i < 10; i++) {
		add(j, i, 100);
		if (i == 4)
			journal_placed(j, 0);
	}
}

static void
test_replay(void **state)
{
	struct journal_findings f;
	static struct seen s;
	unsigned i;

	in_child(*state, write_ten);
	read_back(*state, "boot1", &s, &f);
	assert_int_equal(s.count, 10);
	assert_int_equal(s.settled, 5);
	for (i = 0; i < 10; i++) {
		assert_int_equal(s.numbers[i], i);
		assert_int_equal(s.kept[i], i < 5);
	}
	assert_int_equal(f.torn, 0);
	assert_int_equal(f.damaged, 0);
}

static void
test_other_boot_replays_all(void **state)
{
	struct journal_findings f;
	static struct seen s;

	in_child(*state, write_ten);
	read_back(*state, "boot2", &s, &f);
	assert_int_equal(s.count, 10);
	assert_int_equal(s.settled, 0);
}

static void
test_start_frees(void **state)
{
	struct journal_findings f;
	static struct seen s;
	struct journal *j;

	in_child(*state, write_ten);
	j = start_journal(*state, "boot2");
	journal_close(&j);
	read_back(*state, "boot3", &s, &f);
	assert_int_equal(s.settled, s.count);
}

/* Where the entry with this number begins in the first file. */
static size_t
find_entry(struct room *r, int number, unsigned char *copy, size_t size)
{
	struct journal_findings f = {0};
	struct journal_file file = {0};
	int fd = openat(r->dir, "journal.0", O_RDWR), n;
	size_t i, at = 0;

	assert_int_equal(journal_file_read(&file, fd, SIZE / 2, &f), 0);
	for (i = 0; i < file.count && at == 0; i++) {
		const unsigned char *p = file.data + file.entries[i];
		struct journal_entry e;

		memcpy(&e, p, sizeof(e));
		memcpy(&n, p + sizeof(e), sizeof(n));
		if (e.type == 1 && n == number)
			at = file.entries[i];
	}
	if (copy != NULL)
		memcpy(copy, file.data + at, size);
	journal_file_free(&file);
	close(fd);
	assert_true(at != 0);
	return at;
}

static void
overwrite(struct room *r, size_t at, const void *data, size_t length)
{
	int fd = openat(r->dir, "journal.0", O_RDWR);

	assert_int_equal(pwrite(fd, data, length, (off_t)at), length);
	close(fd);
}

static void
test_torn_tail(void **state)
{
	struct journal_findings f;
	static struct seen s;

	in_child(*state, write_ten);
	overwrite(*state, find_entry(*state, 9, NULL, 0) + 20, "x", 1);
	read_back(*state, "boot2", &s, &f);
	assert_int_equal(s.count, 9);
	assert_int_equal(f.damaged, 0);
	assert_int_equal(f.torn, 1);
}

static void
test_damage_is_told_and_survived(void **state)
{
	struct journal_findings f;
	static struct seen s;

	in_child(*state, write_ten);
	overwrite(*state, find_entry(*state, 6, NULL, 0) + 90, "x", 1);
	read_back(*state, "boot2", &s, &f);
	assert_int_equal(s.count, 9);
	assert_int_equal(s.numbers[6], 7);
	assert_int_equal(f.damaged, 1);
	assert_int_equal(f.torn, 0);
}

static void
write_batches(struct room *r)
{
	struct journal *j = start_journal(r, "boot1");
	int numbers[3] = {1, 2, 3}, i;

	add(j, 0, 100);
	for (i = 0; i < 3; i++) {
		struct iovec part = {&numbers[i], sizeof(numbers[i])};

		assert_int_equal(journal_add(j, 1, &part, 1), 0);
	}
	assert_int_equal(journal_commit(j), 0);
}

/* A hole that only entries of the same batch follow. */
static void
test_hole_in_last_batch_is_torn(void **state)
{
	struct journal_findings f;
	static struct seen s;

	in_child(*state, write_batches);
	overwrite(*state, find_entry(*state, 2, NULL, 0), "xxxx", 4);
	read_back(*state, "boot2", &s, &f);
	assert_int_equal(s.count, 3);
	assert_int_equal(f.torn, 1);
	assert_int_equal(f.damaged, 0);
}

/* Every single flipped bit of an entry is noticed. */
static void
test_each_flip_is_noticed(void **state)
{
	unsigned char entry[160], flipped[160];
	struct journal_findings f;
	static struct seen s;
	size_t at, i;

	in_child(*state, write_ten);
	at = find_entry(*state, 6, entry, sizeof(entry));
	for (i = 0; i < 48 + 104; i++) {
		memcpy(flipped, entry, sizeof(flipped));
		flipped[i] ^= (unsigned char)(1u << (i % 8));
		overwrite(*state, at, flipped, sizeof(flipped));
		read_back(*state, "boot2", &s, &f);
		if (s.count != 9 || f.damaged != 1)
			fail_msg("octet %zu: %u entries", i, s.count);
	}
}

static void
fill_twice(struct room *r)
{
	struct journal *j = start_journal(r, "boot1");
	int i;

	for (i = 0; i < 100; i++) {
		add(j, i, 40000);
		journal_placed(j, 0);
	}
}

/* A full file leads to a checkpoint; what it freed is not replayed. */
static void
test_recycles(void **state)
{
	struct journal_findings f;
	static struct seen s;
	unsigned i, last = 0;

	in_child(*state, fill_twice);
	read_back(*state, "boot2", &s, &f);
	assert_true(s.count >= 10 && s.count <= 30);
	for (i = 0; i < s.count; i++) {
		assert_int_equal(s.numbers[i], 100 - (int)s.count + (int)i);
		if (!s.kept[i])
			last++;
	}
	assert_true(last > 0);
	assert_int_equal(f.damaged + f.torn, 0);
}

static void
test_failed_sync_replays_all(void **state)
{
	struct room *r = *state;
	struct journal_findings f;
	static struct seen s;
	struct journal *j = start_journal(r, "boot1");
	int i, result = 0;

	r->sync_fails = 1;
	add(j, 1, 100);
	journal_placed(j, 0);
	for (i = 0; i < 1000 && result == 0; i++) {
		result = journal_checkpoint(j);
		usleep(1000);
	}
	assert_int_equal(result, -1);
	assert_int_equal(journal_commit(j), -1);
	journal_close(&j);
	read_back(r, "boot1", &s, &f);
	assert_int_equal(s.count, 1);
	assert_int_equal(s.settled, 0);
}

static void
test_close_settles(void **state)
{
	struct journal_findings f;
	static struct seen s;
	struct journal *j = start_journal(*state, "boot1");

	add(j, 1, 10);
	journal_close(&j);
	read_back(*state, "boot2", &s, &f);
	assert_int_equal(s.settled, s.count);
}

static void
test_bounds(void **state)
{
	struct journal *j = start_journal(*state, "boot1");
	static char big[SIZE];
	struct iovec part = {big, journal_capacity(j)};

	assert_int_equal(journal_add(j, 1, &part, 1), -1);
	assert_int_equal(errno, ENOSPC);
	part.iov_len = 40000;
	assert_int_equal(journal_add(j, 1, &part, 1), 0);
	journal_drop(j);
	assert_int_equal(journal_commit(j), 0);
	journal_close(&j);
}

int
main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_replay),
	    TEST(test_other_boot_replays_all),
	    TEST(test_start_frees),
	    TEST(test_torn_tail),
	    TEST(test_damage_is_told_and_survived),
	    TEST(test_hole_in_last_batch_is_torn),
	    TEST(test_each_flip_is_noticed),
	    TEST(test_recycles),
	    TEST(test_failed_sync_replays_all),
	    TEST(test_close_settles),
	    TEST(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

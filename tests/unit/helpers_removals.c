/* What QUIT has promised to remove: at once for the journal, later on the disk,
 * whatever happens between. */
#include "store_box.h"

static const char *
file_of(uint64_t trace)
{
	static char file[WIRE_FILE_MAX];

	name_of(file, trace, 100);
	return file;
}

static void
expunge(struct store *s, uint32_t holder, uint64_t trace)
{
	const char *files[1] = {file_of(trace)};

	assert_int_equal(store_expunge(s, &owners[0], holder, files, 1), 0);
}

static struct store *
store_with(uint64_t count)
{
	struct store *s = open_store("b1");

	for (uint64_t t = 1; t <= count; t++)
		assert_int_equal(deliver(s, t, 100, 1, 0), MAILBOX_OK);
	return s;
}

static void
test_files_go_later(void **state)
{
	struct store *s = store_with(3);

	(void)state;
	expunge(s, 0, 2);
	assert_int_equal(count_letters(0, "new"), 3);
	assert_int_equal(removals_count(), 1);
	assert_int_equal(store_remove_some(s), REMOVALS_MORE);
	assert_int_equal(count_trace(0, 2), 0);
	assert_int_equal(count_letters(0, "new"), 2);
	assert_int_equal(store_remove_some(s), REMOVALS_NONE);
	store_close(&s);
}

/* Those of a session that has not ended wait; others don't wait for them. */
static void
test_holder(void **state)
{
	struct store *s = store_with(3);

	(void)state;
	expunge(s, 5, 1);
	expunge(s, 6, 2);
	assert_int_equal(store_remove_some(s), REMOVALS_NONE);
	removals_release(6, 0);
	assert_int_equal(store_remove_some(s), REMOVALS_MORE);
	assert_int_equal(store_remove_some(s), REMOVALS_NONE);
	assert_int_equal(count_trace(0, 1), 1);
	assert_int_equal(count_trace(0, 2), 0);
	store_close(&s);
	assert_int_equal(count_trace(0, 1), 0);
}

static void
promise_and_die(void)
{
	struct store *s = store_with(20);

	for (uint64_t t = 1; t <= 10; t++)
		expunge(s, (uint32_t)t, t);
	for (uint64_t t = 21; t <= 30; t++)
		assert_int_equal(deliver(s, t, 100, 1, 0), MAILBOX_OK);
	removals_release(3, 0);
	assert_int_equal(store_remove_some(s), REMOVALS_MORE);
}

/* The process is killed: its successor keeps the promise. */
static void
test_killed(void **state)
{
	struct store *s;

	(void)state;
	in_child(promise_and_die);
	assert_int_equal(count_letters(0, "new"), 29);
	s = open_store("b1");
	assert_int_equal(count_letters(0, "new"), 20);
	for (uint64_t t = 1; t <= 10; t++)
		assert_int_equal(count_trace(0, t), 0);
	store_close(&s);
}

static void
die_after_the_last(void)
{
	struct store *s = store_with(3);

	expunge(s, 0, 1);
	while (store_remove_some(s) == REMOVALS_MORE)
		;
}

/* Once their files are gone, nothing is to be done again. */
static void
test_killed_afterwards(void **state)
{
	(void)state;
	in_child(die_after_the_last);
	lose_mail();
	successor_has("b1", 0);
}

static void
fill_both_journals(void)
{
	struct store *s = store_with(3);

	expunge(s, 9, 2);
	assert_int_equal(store_checkpoint(s), 0);
	/* No entry is freed before its files have gone. */
	assert_int_equal(count_trace(0, 2), 0);
	expunge(s, 9, 3);
	for (uint64_t t = 100; t < 200; t++)
		assert_int_equal(deliver(s, t, 30000, 1, 0), MAILBOX_OK);
	assert_int_equal(count_trace(0, 3), 0);
}

static void
test_checkpoint_settles(void **state)
{
	(void)state;
	in_child(fill_both_journals);
	successor_has("b1", 101);
}

/* More than may wait: the oldest go at once. */
static void
test_bound(void **state)
{
	const char *files[500];
	char names[500][WIRE_FILE_MAX];

	(void)state;
	for (unsigned i = 0; i < 500; i++) {
		snprintf(names[i], sizeof(names[i]), "new/%u.a.b", i);
		files[i] = names[i];
	}
	for (unsigned i = 1; i <= REMOVALS_MAX / 500; i++) {
		assert_int_equal(removals_add(&owners[0], i, files, 500, i), 0);
		assert_int_equal(removals_count(), i * 500);
	}
	assert_int_equal(removals_add(&owners[0], 9999, files, 500, 9999), 0);
	assert_in_range(removals_count(), REMOVALS_MAX - 500, REMOVALS_MAX);
	assert_int_equal(removals_settle(), 0);
	assert_int_equal(removals_count(), 0);
	assert_int_equal(removals_first(), 0);
}

/* What can't be removed keeps no other from being. */
static void
test_trap(void **state)
{
	struct store *s = store_with(40);
	char path[1024];

	(void)state;
	snprintf(
	    path, sizeof(path), "%s/%s/%s", mail, owners[0].path, file_of(2));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	for (uint64_t t = 1; t <= 40; t++)
		expunge(s, 0, t);
	while (store_remove_some(s) == REMOVALS_MORE)
		;
	assert_int_equal(removals_count(), 0);
	assert_int_equal(count_letters(0, "new"), 1);
	assert_int_equal(count_trace(0, 2), 1);
	store_close(&s);
}

/* What the owner does not allow is refused before anything is promised. */
static void
test_forbidden(void **state)
{
	const char *files[1] = {file_of(1)};
	struct owner stranger;
	struct store *s;
	char path[1024];

	(void)state;
	if (geteuid() != 0)
		skip();
	s = store_with(1);
	snprintf(path, sizeof(path), "%s/%s/new", mail, owners[0].path);
	assert_int_equal(chmod(root, 0755), 0);
	stranger = owners[0];
	stranger.uid = stranger.gid = 12345;
	assert_int_equal(removals_allowed(&owners[0], files, 1), 0);
	assert_int_equal(removals_allowed(&stranger, files, 1), -1);
	assert_int_equal(store_expunge(s, &stranger, 0, files, 1), -1);
	assert_int_equal(errno, EACCES);
	assert_int_equal(removals_count(), 0);
	assert_int_equal(count_letters(0, "new"), 1);
	store_close(&s);
	successor_has("b2", 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_files_go_later),
	    TEST(test_holder),
	    TEST(test_killed),
	    TEST(test_killed_afterwards),
	    TEST(test_checkpoint_settles),
	    TEST(test_bound),
	    TEST(test_trap),
	    TEST(test_forbidden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

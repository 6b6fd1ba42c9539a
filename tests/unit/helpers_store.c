/* The store's promise: exactly once, whatever is killed or lost when. */
#include "store_box.h"

#include <sys/file.h>

static void
test_delivers_to_all_by_one_inode(void **state)
{
	struct store *s = open_store("b");
	char path[1024], file[WIRE_FILE_MAX];
	struct stat st;

	(void)state;
	assert_int_equal(deliver(s, 7, 100, 3, 0), MAILBOX_OK);
	name_of(file, 7, 100);
	snprintf(path, sizeof(path), "%s/%s/%s", mail, owners[2].path, file);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_nlink, 3);
	assert_int_equal(st.st_size, 100);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* Its special characters are written as the Maildir convention has. */
	assert_non_null(strstr(path, ".h\\054o\\072st,S=100,W=101"));
	store_close(&s);
}

static void
test_large_goes_by_spool(void **state)
{
	struct store *s = open_store("b");

	(void)state;
	assert_int_equal(deliver(s, 7, 200000, 3, 0), MAILBOX_OK);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(count_letters(i, "new"), 1);
	store_close(&s);
}

static void
test_repeat_is_found(void **state)
{
	struct store *s = open_store("b");

	(void)state;
	assert_int_equal(deliver(s, 7, 100, 2, 0), MAILBOX_OK);
	assert_int_equal(deliver(s, 7, 100, 2, 1), MAILBOX_OK);
	assert_int_equal(deliver(s, 7, 100, 2, 0), MAILBOX_OK);
	assert_int_equal(count_letters(0, "new"), 1);
	assert_int_equal(count_letters(1, "new"), 1);
	store_close(&s);
}

/* A repeat after the letter was read, moved, or deleted. */
static void
test_repeat_after_move(void **state)
{
	struct store *s = open_store("b");
	char from[1024], to[1024], file[WIRE_FILE_MAX];
	const char *files[1] = {file};

	(void)state;
	assert_int_equal(deliver(s, 7, 100, 1, 0), MAILBOX_OK);
	name_of(file, 7, 100);
	snprintf(from, sizeof(from), "%s/%s/%s", mail, owners[0].path, file);
	snprintf(
	    to, sizeof(to), "%s/%s/cur/%s:2,S", mail, owners[0].path, file + 4);
	assert_int_equal(rename(from, to), 0);
	store_close(&s);
	s = open_store("b");
	assert_int_equal(deliver(s, 7, 100, 1, 1), MAILBOX_OK);
	assert_int_equal(count_letters(0, "new"), 0);
	assert_int_equal(store_expunge(s, &owners[0], 0, files, 1), 0);
	assert_int_equal(deliver(s, 7, 100, 1, 1), MAILBOX_OK);
	assert_int_equal(store_remove_some(s), REMOVALS_MORE);
	assert_int_equal(count_letters(0, "cur"), 0);
	assert_int_equal(deliver(s, 7, 100, 1, 1), MAILBOX_OK);
	assert_int_equal(count_letters(0, "new"), 0);
	store_close(&s);
}

static void
deliver_twenty(void)
{
	struct store *s = open_store("b1");
	char file[WIRE_FILE_MAX];
	const char *files[1] = {file};

	for (uint64_t t = 1; t <= 20; t++)
		assert_int_equal(deliver(s, t, 1000, 2, 0), MAILBOX_OK);
	name_of(file, 5, 1000);
	assert_int_equal(store_expunge(s, &owners[0], 0, files, 1), 0);
}

/* The machine stops: what was promised comes back, what was deleted not. */
static void
test_lost_cache_comes_back(void **state)
{
	struct store *s;

	(void)state;
	in_child(deliver_twenty);
	lose_mail();
	s = open_store("b2");
	assert_int_equal(count_letters(0, "new"), 19);
	assert_int_equal(count_letters(1, "new"), 20);
	assert_int_equal(count_trace(0, 5), 0);
	/* Its repeat is known to be done. */
	assert_int_equal(deliver(s, 5, 1000, 2, 1), MAILBOX_OK);
	assert_int_equal(count_trace(0, 5), 0);
	store_close(&s);
}

/* The process is killed, the machine goes on: what its owner has deleted by
 * other means stays deleted. */
static void
test_same_boot_redoes_nothing(void **state)
{
	(void)state;
	in_child(deliver_twenty);
	lose_mail();
	successor_has("b1", 0);
}

static void
deliver_and_close(void)
{
	struct store *s = open_store("b1");

	assert_int_equal(deliver(s, 1, 1000, 1, 0), MAILBOX_OK);
	store_close(&s);
}

static void
test_checkpoint_frees(void **state)
{
	(void)state;
	in_child(deliver_and_close);
	lose_mail();
	successor_has("b2", 0);
}

static size_t
size_of(uint64_t t)
{
	return t % 16 == 0 ? 60000 : 500 + t * 37 % 40000;
}

/* Delivers until it is killed, telling of each success. */
static void
deliver_for_ever(int out)
{
	struct store *s = open_store("b1");

	for (uint64_t t = 1;; t++) {
		if (deliver(s, t, size_of(t), 2, 0) != MAILBOX_OK ||
		    write(out, &t, sizeof(t)) != sizeof(t))
			_exit(1);
	}
}

/* Kills a deliverer after a while; what it told of last. */
static uint64_t
kill_one(unsigned us)
{
	uint64_t t, last = 0;
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	if ((pid = fork()) == 0) {
		close(ends[0]);
		deliver_for_ever(ends[1]);
	}
	close(ends[1]);
	usleep(us);
	kill(pid, SIGKILL);
	while (read(ends[0], &t, sizeof(t)) == sizeof(t))
		last = t;
	close(ends[0]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return last;
}

static void
check_all(uint64_t last)
{
	for (uint64_t t = 1; t <= last; t++)
		for (unsigned o = 0; o < 2; o++)
			assert_int_equal(count_trace(o, t), 1);
	/* The one under way may be there or not, but not more. */
	for (unsigned o = 0; o < 2; o++)
		assert_in_range(count_letters(o, "new"), last, last + 1);
}

static void
test_kill_at_any_moment(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 12; round++) {
		uint64_t last = kill_one(20000 + round * 7919 % 60000);
		struct store *s = open_store("b1");

		check_all(last);
		/* smtpd sends the one under way again. */
		assert_int_equal(
		    deliver(s, last + 1, size_of(last + 1), 2, 1), MAILBOX_OK);
		check_all(last + 1);
		store_close(&s);
		lose_mail();
		remove_tree(journal);
		assert_int_equal(mkdir(journal, 0755), 0);
	}
}

static void
test_only_one_opens(void **state)
{
	struct store_conf conf = {
	    .folder = journal, .journal_size = 1 << 20, .boot = "b"};
	struct store *s = open_store("b");

	(void)state;
	assert_null(store_open(&conf));
	assert_int_equal(errno, EWOULDBLOCK);
	store_close(&s);
}

/* One Maildir that can't take it: no other gets it, now or after a restart. */
static void
test_all_or_none(void **state)
{
	struct store *s = open_store("b");
	char path[1024];

	(void)state;
	assert_int_equal(deliver(s, 1, 100, 2, 0), MAILBOX_OK);
	snprintf(path, sizeof(path), "%s/%s/new", mail, owners[1].path);
	assert_int_equal(remove_tree(path), 0);
	assert_int_equal(symlink("/tmp", path), 0);
	assert_int_equal(deliver(s, 2, 100, 2, 0), MAILBOX_TEMPORARY);
	assert_int_equal(count_trace(0, 2), 0);
	assert_int_equal(deliver(s, 3, 60000, 2, 0), MAILBOX_TEMPORARY);
	assert_int_equal(count_trace(0, 3), 0);
	store_close(&s);
}

/* Each owner gets a copy of his own. */
static void
test_other_owner_other_inode(void **state)
{
	struct store *s;
	char path[1024], file[WIRE_FILE_MAX];
	struct stat st;

	(void)state;
	if (getuid() != 0)
		skip();
	s = open_store("b");
	snprintf(path, sizeof(path), "%s/example.org", mail);
	assert_int_equal(chmod(root, 0755), 0);
	assert_int_equal(mkdir(path, 0777), 0);
	assert_int_equal(chmod(path, 0777), 0);
	owners[0].uid = owners[0].gid = 12345;
	owners[1].uid = owners[1].gid = 12346;
	assert_int_equal(deliver(s, 1, 100, 2, 0), MAILBOX_OK);
	assert_int_equal(deliver(s, 2, 100000, 2, 0), MAILBOX_OK);
	for (unsigned i = 0; i < 4; i++) {
		name_of(file, 1 + i / 2, i < 2 ? 100 : 100000);
		snprintf(path, sizeof(path), "%s/%s/%s", mail,
		    owners[i % 2].path, file);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_nlink, 1);
		assert_int_equal(st.st_uid, 12345 + i % 2);
	}
	owners[1].uid = 1;
	assert_int_equal(deliver(s, 3, 100, 2, 0), MAILBOX_TEMPORARY);
	store_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_delivers_to_all_by_one_inode),
	    TEST(test_large_goes_by_spool),
	    TEST(test_repeat_is_found),
	    TEST(test_repeat_after_move),
	    TEST(test_lost_cache_comes_back),
	    TEST(test_same_boot_redoes_nothing),
	    TEST(test_checkpoint_frees),
	    TEST(test_kill_at_any_moment),
	    TEST(test_only_one_opens),
	    TEST(test_all_or_none),
	    TEST(test_other_owner_other_inode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Another number of mailbox helpers: what their journals hold is placed before
 * any of them serves, also where the machine had stopped. */
#include "store_box.h"

#include "../../helpers/layout.h"

/* A store in a folder of the journals' (NULL: in theirs itself). */
static struct store *
open_at(const char *name, const char *boot)
{
	char path[256];
	struct store_conf conf = {
	    .folder = path, .journal_size = 1 << 20, .boot = boot};
	struct store *s;

	snprintf(path, sizeof(path), "%s%s%s", journal, name ? "/" : "",
	    name ? name : "");
	if (name != NULL && mkdir(path, 0700) == -1)
		assert_int_equal(errno, EEXIST);
	s = store_open(&conf);
	assert_non_null(s);
	return s;
}

static int
is_there(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", journal, name);
	return access(path, F_OK) == 0;
}

/* What stands in the file. */
static void
assert_layout(const char *wanted)
{
	char path[256], text[16] = "";
	int fd;

	snprintf(path, sizeof(path), "%s/layout", journal);
	fd = open(path, O_RDONLY);
	assert_int_not_equal(fd, -1);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	assert_string_equal(text, wanted);
}

static int
lay_out(unsigned number, unsigned count)
{
	const struct store_conf conf = {.journal_size = 1 << 20, .boot = "b2"};

	return layout_open(journal, number, count, &conf);
}

static void
deliver_in_three(void)
{
	struct store *s = open_at("0", "b1"), *t = open_at("2", "b1"),
		     *u = open_at(NULL, "b1");

	assert_int_equal(deliver(s, 1, 1000, 2, 0), MAILBOX_OK);
	assert_int_equal(deliver(t, 2, 2000, 2, 0), MAILBOX_OK);
	assert_int_equal(deliver(u, 3, 3000, 2, 0), MAILBOX_OK);
}

static void
test_all_journals_are_replayed(void **state)
{
	struct store *s;

	(void)state;
	in_child(deliver_in_three);
	lose_mail();
	assert_int_equal(lay_out(0, 2), 0);
	for (uint64_t t = 1; t <= 3; t++)
		for (unsigned o = 0; o < 2; o++)
			assert_int_equal(count_trace(o, t), 1);
	/* Of those that nobody has any more, nothing is left. */
	assert_false(is_there("2/journal.0"));
	assert_false(is_there("2/journal.1"));
	assert_false(is_there("journal.0"));
	assert_true(is_there("0/journal.0"));
	assert_layout("2\n");
	/* And they are durable: the next start places nothing again. */
	lose_mail();
	assert_int_equal(lay_out(0, 2), 0);
	s = open_at("0", "b3");
	assert_int_equal(count_letters(0, "new"), 0);
	store_close(&s);
}

static void
wait_for_it(void)
{
	assert_int_equal(lay_out(1, 2), 0);
	assert_int_equal(count_trace(0, 1), 1);
	assert_int_equal(count_trace(1, 2), 1);
}

/* No other serves before that. */
static void
test_the_others_wait(void **state)
{
	pid_t pid;
	int status;

	(void)state;
	in_child(deliver_in_three);
	lose_mail();
	if ((pid = fork()) == 0) {
		wait_for_it();
		_exit(0);
	}
	usleep(50000);
	assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
	assert_int_equal(lay_out(0, 2), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void
settle_until_killed(void)
{
	assert_int_equal(lay_out(0, 2), 0);
}

/* Killed in the midst of it, again and again: its successor ends it. */
static void
test_killed_meanwhile(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 8; round++) {
		char path[256];
		pid_t pid;

		snprintf(path, sizeof(path), "%s/layout", journal);
		unlink(path);
		in_child(deliver_in_three);
		lose_mail();
		if ((pid = fork()) == 0) {
			settle_until_killed();
			_exit(0);
		}
		usleep(1000 + round * 2711);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		assert_int_equal(lay_out(0, 2), 0);
		for (uint64_t t = 1; t <= 3; t++)
			assert_int_equal(count_trace(1, t), 1);
		assert_int_equal(count_letters(1, "new"), 3);
		assert_layout("2\n");
		lose_mail();
	}
}

/* What lies aside in a helper's folder that is no more, goes to the first. */
static void
test_aside_moves(void **state)
{
	struct store *s;
	char path[1024];

	(void)state;
	in_child(deliver_in_three);
	lose_mail();
	snprintf(path, sizeof(path), "%s/%s", mail, owners[1].path);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/%s/new", mail, owners[1].path);
	assert_int_equal(symlink("/tmp", path), 0);
	assert_int_equal(lay_out(0, 1), 0);
	assert_int_equal(count_letters(0, "new"), 3);
	assert_int_equal(count_trace(1, 1), 0);
	assert_int_equal(unlink(path), 0);
	s = open_at("0", "b2");
	for (uint64_t t = 1; t <= 3; t++)
		assert_int_equal(count_trace(1, t), 1);
	store_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_all_journals_are_replayed),
	    TEST(test_the_others_wait),
	    TEST(test_killed_meanwhile),
	    TEST(test_aside_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

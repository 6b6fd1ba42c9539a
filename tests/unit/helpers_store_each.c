/* Deliveries of which some mailboxes get theirs, and those taken back. */
#include "store_box.h"

/* Owner number 1's Maildir takes nothing any more, or again. */
static void
break_second(void)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s/%s/new", mail, owners[1].path);
	remove_tree(path);
	assert_int_equal(symlink("/tmp", path), 0);
}

static void
mend_second(void)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s/%s/new", mail, owners[1].path);
	assert_int_equal(unlink(path), 0);
}

static void
assert_second_alone_lacks(uint64_t trace)
{
	assert_int_equal(places[0].result, MAILBOX_OK);
	assert_int_equal(places[1].result, MAILBOX_TEMPORARY);
	assert_int_equal(places[2].result, MAILBOX_OK);
	assert_int_equal(count_trace(0, trace), 1);
	assert_int_equal(count_trace(2, trace), 1);
}

/* What fails for one does not for the others: small, large, and repeated. */
static void
test_each_for_itself(void **state)
{
	struct store *s = open_store("b");

	(void)state;
	is_each = 1;
	assert_int_equal(deliver(s, 1, 100, 3, 0), MAILBOX_OK);
	break_second();
	assert_int_equal(deliver(s, 2, 100, 3, 0), MAILBOX_OK);
	assert_second_alone_lacks(2);
	assert_int_equal(deliver(s, 3, 60000, 3, 0), MAILBOX_OK);
	assert_second_alone_lacks(3);
	/* A repeat is no excuse to call it done. */
	assert_int_equal(deliver(s, 2, 100, 3, 1), MAILBOX_OK);
	assert_second_alone_lacks(2);
	mend_second();
	assert_int_equal(deliver(s, 2, 100, 3, 1), MAILBOX_OK);
	assert_int_equal(places[1].result, MAILBOX_OK);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(count_trace(i, 2), 1);
	assert_int_equal(count_letters(0, "new"), 3);
	store_close(&s);
}

static void
deliver_each(void)
{
	struct store *s = open_store("b1");

	is_each = 1;
	assert_int_equal(deliver(s, 1, 100, 3, 0), MAILBOX_OK);
	break_second();
	assert_int_equal(deliver(s, 2, 100, 3, 0), MAILBOX_OK);
}

/* The journal knows who got it: no more, no fewer. */
static void
test_each_after_loss(void **state)
{
	struct store *s;

	(void)state;
	in_child(deliver_each);
	mend_second();
	lose_mail();
	s = open_store("b2");
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(count_trace(i, 1), 1);
		assert_int_equal(count_trace(i, 2), i != 1);
	}
	store_close(&s);
}

static void
deliver_and_retract(void)
{
	struct store *s = open_store("b1");
	char file[WIRE_FILE_MAX];

	assert_int_equal(deliver(s, 1, 100, 2, 0), MAILBOX_OK);
	name_of(file, 1, 100);
	assert_int_equal(store_retract(s, &owners[0], file + 4), 0);
	assert_int_equal(count_trace(0, 1), 0);
	assert_int_equal(count_trace(1, 1), 1);
}

/* What was taken back stays away, and is no delivery that was done. */
static void
test_retract(void **state)
{
	struct store *s;

	(void)state;
	in_child(deliver_and_retract);
	lose_mail();
	s = open_store("b2");
	assert_int_equal(count_trace(0, 1), 0);
	assert_int_equal(count_trace(1, 1), 1);
	assert_int_equal(deliver(s, 1, 100, 2, 1), MAILBOX_OK);
	assert_int_equal(count_trace(0, 1), 1);
	assert_int_equal(count_trace(1, 1), 1);
	store_close(&s);
}

static void
deliver_delete_repeat(void)
{
	struct store *s = open_store("b1");
	char file[WIRE_FILE_MAX];
	const char *files[1] = {file};

	assert_int_equal(deliver(s, 1, 100, 2, 0), MAILBOX_OK);
	name_of(file, 1, 100);
	assert_int_equal(store_expunge(s, &owners[0], 0, files, 1), 0);
	assert_int_equal(deliver(s, 1, 100, 2, 1), MAILBOX_OK);
}

/* The repeat of what its owner has deleted does not bring it back. */
static void
test_repeat_revives_nothing(void **state)
{
	struct store *s;

	(void)state;
	in_child(deliver_delete_repeat);
	lose_mail();
	s = open_store("b2");
	assert_int_equal(count_trace(0, 1), 0);
	assert_int_equal(count_trace(1, 1), 1);
	store_close(&s);
}

static unsigned
count_files(const char *prefix)
{
	struct dirent *e;
	unsigned n = 0;
	DIR *dir = opendir(journal);

	assert_non_null(dir);
	while ((e = readdir(dir)) != NULL)
		n += strncmp(e->d_name, prefix, strlen(prefix)) == 0;
	closedir(dir);
	return n;
}

static void
deliver_two(void)
{
	struct store *s = open_store("b1");

	assert_int_equal(deliver(s, 1, 100, 2, 0), MAILBOX_OK);
	assert_int_equal(deliver(s, 2, 20000, 2, 0), MAILBOX_OK);
}

/* The machine stops, and then a Maildir takes nothing: what it lacks waits, and
 * gets there once the fault has gone, at a start or between. */
static void
test_aside(void **state)
{
	struct store *s;
	char path[1024], file[WIRE_FILE_MAX];
	struct stat st;
	int fd;

	(void)state;
	in_child(deliver_two);
	lose_mail();
	snprintf(path, sizeof(path), "%s/%s", mail, owners[1].path);
	assert_int_equal(mkdir(path, 0700), 0);
	break_second();
	s = open_store("b2");
	assert_int_equal(count_letters(0, "new"), 2);
	assert_int_equal(count_files("aside."), 2);
	assert_int_equal(store_retry_aside(s, NULL), 2);
	/* It was promised, and is kept: a repeat is done already. */
	assert_int_equal(deliver(s, 1, 100, 2, 1), MAILBOX_OK);
	mend_second();
	assert_int_equal(store_retry_aside(s, NULL), 0);
	assert_int_equal(count_files("aside."), 0);
	for (uint64_t t = 1; t <= 2; t++)
		assert_int_equal(count_trace(1, t), 1);
	name_of(file, 2, 20000);
	snprintf(path, sizeof(path), "%s/%s/%s", mail, owners[1].path, file);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 20000);
	assert_int_equal(store_retry_aside(s, NULL), 0);
	/* What is none stays, and is told of once. */
	snprintf(path, sizeof(path), "%s/aside.0.1", journal);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "rubbish", 7), 7);
	close(fd);
	assert_int_equal(store_retry_aside(s, NULL), 0);
	assert_int_equal(count_files("aside."), 0);
	assert_int_equal(count_files("unreadable."), 1);
	store_close(&s);
}

/* Likewise where the fault goes before the next start. */
static void
test_aside_at_start(void **state)
{
	struct store *s;
	char path[1024];

	(void)state;
	in_child(deliver_two);
	lose_mail();
	snprintf(path, sizeof(path), "%s/%s", mail, owners[1].path);
	assert_int_equal(mkdir(path, 0700), 0);
	break_second();
	s = open_store("b2");
	assert_int_equal(count_files("aside."), 2);
	store_close(&s);
	mend_second();
	s = open_store("b3");
	assert_int_equal(count_files("aside."), 0);
	for (uint64_t t = 1; t <= 2; t++)
		assert_int_equal(count_trace(1, t), 1);
	store_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_each_for_itself),
	    TEST(test_each_after_loss),
	    TEST(test_retract),
	    TEST(test_repeat_revives_nothing),
	    TEST(test_aside),
	    TEST(test_aside_at_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

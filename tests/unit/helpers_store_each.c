/* Deliveries of which some mailboxes get theirs, and those taken back. */
#include "store_box.h"

/* Owner number 1's Maildir takes nothing any more, or again. */
static void
break_second(void)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s/%s/new", mail, owners[1].path);
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
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
	assert_int_equal(store_expunge(s, &owners[0], files, 1), 0);
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

int
main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_each_for_itself),
	    TEST(test_each_after_loss),
	    TEST(test_retract),
	    TEST(test_repeat_revives_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

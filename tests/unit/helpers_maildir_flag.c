/* Flags of letters, in names and in a Maildir. */
#include "index_box.h"

#include "../../helpers/maildir_flag.h"
#include "../../helpers/trash.h"

#include "clock.h"

#include <dirent.h>

static void
expect(const char *name, const char *wanted)
{
	char to[MAILDIR_NAME_MAX];

	assert_int_equal(maildir_flagged(name, 'S', to, sizeof(to)), 0);
	assert_string_equal(to, wanted);
}

static void
writes_flags_in_order(void **state)
{
	char to[20];

	(void)state;
	expect("1.a.host", "1.a.host:2,S");
	expect("1.a.host:2,", "1.a.host:2,S");
	expect("1.a.host:2,FRT", "1.a.host:2,FRST");
	expect("1.a.host:2,T", "1.a.host:2,ST");
	/* Another version's flags say nothing to us. */
	expect("1.a.host:1,x", "1.a.host:2,S");
	assert_int_equal(
	    maildir_flagged("1.a.host:2,S", 'S', to, sizeof(to)), 1);
	assert_int_equal(
	    maildir_flagged("1.a.host.of.a.long.name", 'S', to, sizeof(to)),
	    -1);
}

static void
moves_letters(void **state)
{
	(void)state;
	put("new/1.a.host", "x: y\n");
	assert_int_equal(maildir_flag(owner.path, "new/1.a.host", 'S'), 0);
	assert_int_equal(access(path_of("cur/1.a.host:2,S"), F_OK), 0);
	/* Its old name leads to it, and it has the flag. */
	assert_int_equal(maildir_flag(owner.path, "new/1.a.host", 'S'), 0);
	assert_int_equal(maildir_flag(owner.path, "new/1.a.host", 'R'), 0);
	assert_int_equal(access(path_of("cur/1.a.host:2,RS"), F_OK), 0);
	assert_int_equal(maildir_flag(owner.path, "new/2.b.host", 'S'), 0);
}

/* The names in a folder of the Maildir. */
static unsigned
count(const char *folder_name)
{
	DIR *dir = opendir(path_of(folder_name));
	struct dirent *entry;
	unsigned n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

static void
keeps_and_sweeps(void)
{
	static const char *const files[] = {"new/1.a.host", "cur/2.b.host:2,F",
	    "new/3.gone.host", "new/4.moved.host"};

	put("new/1.a.host", "x: y\n");
	put("cur/2.b.host:2,F", "x: y\n");
	put("cur/4.moved.host:2,S", "x: y\n");
	assert_int_equal(trash_keep(&owner, files, 4), 0); /* turned off */
	trash_setup("Bin", 3600 * CLOCK_SECOND);
	assert_int_equal(trash_keep(&owner, files, 4), 0);
	assert_int_equal(count(".Bin/cur"), 3);
	assert_int_equal(access(path_of(".Bin/cur/1.a.host:2,"), F_OK), 0);
	assert_int_equal(access(path_of(".Bin/cur/2.b.host:2,F"), F_OK), 0);
	assert_int_equal(trash_keep(&owner, files, 4), 0);
	assert_int_equal(count(".Bin/cur"), 3);
	trash_sweep(&owner);
	assert_int_equal(count(".Bin/cur"), 3);
	/* All of it is older than a time that is still to come. */
	trash_setup("Bin", -60 * CLOCK_SECOND);
	trash_sweep(&owner);
	assert_int_equal(count(".Bin/cur"), 0);
	assert_int_equal(count("cur"), 2);
	trash_setup("", 0);
}

static void
trash_takes_and_forgets(void **state)
{
	void *body = (void *)(uintptr_t)keeps_and_sweeps;

	(void)state;
	run(&body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(writes_flags_in_order),
	    cmocka_unit_test_setup_teardown(moves_letters, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		trash_takes_and_forgets, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

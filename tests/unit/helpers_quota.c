/* Quotas: counts, limits, reservations, and the maildirsize file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../helpers/maildir.h"
#include "../../helpers/quota.h"
#include "../../helpers/quota_count.h"
#include "fiber.h"
#include "remove_tree.h"
#include "wire.h"
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[64];
static struct owner owner;
static char name[WIRE_NAME_MAX];
static unsigned number;

static int
make_root(void **state)
{
	(void)state;
	strcpy(root, "/tmp/ringmail.quota.XXXXXX");
	if (mkdtemp(root) == NULL)
		return -1;
	owner_setup(100);
	return maildir_setup(root, "host");
}

static int
remove_root(void **state)
{
	(void)state;
	return remove_tree(root);
}

/* A mailbox of its own for each test. */
static int
make_box(void **state)
{
	(void)state;
	owner = (struct owner){.uid = getuid(), .gid = getgid()};
	snprintf(name, sizeof(name), "u%u@example.org", ++number);
	snprintf(owner.path, sizeof(owner.path), "u%u", number);
	return maildir_make(owner.path);
}

/* The path of a file of the mailbox. */
static const char *
at(const char *file)
{
	static char path[600];

	snprintf(path, sizeof(path), "%s/%s/%s", root, owner.path, file);
	return path;
}

static void
put(const char *file, const char *text)
{
	FILE *f = fopen(at(file), "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void
expect_file(const char *wanted)
{
	char got[8192];
	size_t n;
	FILE *f = fopen(at("maildirsize"), "r");

	assert_non_null(f);
	n = fread(got, 1, sizeof(got) - 1, f);
	got[n] = '\0';
	fclose(f);
	assert_string_equal(got, wanted);
}

static void
start_body(void *arg)
{
	void (**body)(void) = arg;

	(*body)();
	worker_stop();
}

/* Tests run in a fiber, as counting may wait. */
static void
run(void **state)
{
	assert_int_equal(worker_run(1, start_body, *state), 0);
}

static void
names_tell_sizes(void)
{
	static const struct {
		const char *name;
		int result;
		uint64_t size;
	} rows[] = {{"1.x,S=5,W=6:2,S", 0, 5}, {"1.x,S=5", 0, 5},
	    {"1.x:2,S=5", -1, 0}, {"1.x,S=", -1, 0}, {"1.x,S=-1", -1, 0},
	    {"1.x,S=5x", -1, 0}, {"1.x,S=99999999999999999999", -1, 0},
	    {"1.x,S=18446744073709551615", -1, 0}, {"1.x,W=3", -1, 0}};
	uint64_t size;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(
		    quota_count_name(rows[i].name, &size), rows[i].result);
		if (rows[i].result == 0)
			assert_int_equal(size, rows[i].size);
	}
}

static void
counts(void)
{
	struct maildirsize used;

	put("new/1.x,S=100,W=110", "x");
	put("cur/2.x,S=20:2,S", "x");
	put("cur/3.foreign:2,", "12345");
	put("cur/.hidden,S=9", "x");
	assert_int_equal(mkdir(at("new/4.folder"), 0700), 0);
	assert_int_equal(symlink("/etc/passwd", at("new/5.link")), 0);
	assert_int_equal(mkfifo(at("new/6.fifo"), 0600), 0);
	quota_count(&owner, &used);
	assert_int_equal(used.octets, 125);
	assert_int_equal(used.messages, 3);
}

static void
limits_octets(void)
{
	owner.quota = 1000;
	put("new/1.x,S=400", "x");
	assert_true(quota_has_room(name, &owner, 600));
	assert_false(quota_has_room(name, &owner, 601));
	expect_file("1000S\n400 1\n");
	/* What is on its way counts, and comes back if it does not arrive. */
	assert_true(quota_reserve(name, &owner, 500));
	assert_false(quota_reserve(name, &owner, 101));
	assert_true(quota_reserve(name, &owner, 100));
	quota_settle(name, &owner, 500, 0);
	quota_settle(name, &owner, 100, 1);
	assert_true(quota_has_room(name, &owner, 500));
	assert_false(quota_has_room(name, &owner, 501));
	expect_file("1000S\n400 1\n100 1\n");
}

static void
limits_messages(void)
{
	owner.quota_messages = 2;
	put("new/1.x,S=400", "x");
	assert_true(quota_reserve(name, &owner, 1));
	assert_false(quota_reserve(name, &owner, 1));
	quota_settle(name, &owner, 1, 1);
	assert_false(quota_has_room(name, &owner, 1));
	expect_file("2C\n400 1\n1 1\n");
}

static void
room_comes_back(void)
{
	static const char *const files[] = {"new/1.x,S=400"}, *const foreign[] =
								  {"new/2.x"};

	owner.quota = 500;
	put("new/1.x,S=400", "x");
	put("new/2.x", "0123456789");
	assert_false(quota_has_room(name, &owner, 91));
	assert_int_equal(unlink(at(files[0])), 0);
	quota_removed(name, &owner, files, 1);
	assert_true(quota_has_room(name, &owner, 490));
	assert_false(quota_has_room(name, &owner, 491));
	expect_file("500S\n410 2\n-400 -1\n");
	/* Of a size that no name tells: counted anew. */
	assert_int_equal(unlink(at(foreign[0])), 0);
	quota_removed(name, &owner, foreign, 1);
	assert_true(quota_has_room(name, &owner, 500));
	expect_file("500S\n0 0\n");
}

static void
no_limit_leaves_no_file(void)
{
	static const char *const files[] = {"new/1.x,S=4"};

	assert_true(quota_reserve(name, &owner, UINT64_MAX));
	quota_settle(name, &owner, UINT64_MAX, 1);
	quota_removed(name, &owner, files, 1);
	assert_int_equal(access(at("maildirsize"), F_OK), -1);
}

static void
file_is_made_anew(void)
{
	struct stat st;
	int i;

	owner.quota = 1000000;
	for (i = 0; i < 1000; i++) {
		assert_true(quota_reserve(name, &owner, 10));
		quota_settle(name, &owner, 10, 1);
		assert_int_equal(stat(at("maildirsize"), &st), 0);
		assert_true(st.st_size <= MAILDIRSIZE_MAX);
	}
	/* Gone: someone wants it counted. */
	assert_int_equal(unlink(at("maildirsize")), 0);
	assert_true(quota_reserve(name, &owner, 10));
	quota_settle(name, &owner, 10, 1);
	expect_file("1000000S\n10010 1001\n");
}

/* What the owner puts in its place is not written to. */
static void
traps_are_passed_by(void)
{
	struct stat st;

	owner.quota = 1000000;
	put("victim", "keep");
	assert_int_equal(symlink("victim", at("maildirsize")), 0);
	assert_true(quota_reserve(name, &owner, 10));
	quota_settle(name, &owner, 10, 1);
	expect_file("1000000S\n0 0\n10 1\n");
	assert_int_equal(unlink(at("maildirsize")), 0);
	assert_int_equal(mkfifo(at("maildirsize"), 0600), 0);
	assert_true(quota_reserve(name, &owner, 10));
	quota_settle(name, &owner, 10, 1);
	expect_file("1000000S\n20 2\n");
	assert_int_equal(unlink(at("maildirsize")), 0);
	assert_int_equal(mkdir(at("maildirsize"), 0700), 0);
	assert_true(quota_reserve(name, &owner, 10));
	quota_settle(name, &owner, 10, 1);
	assert_int_equal(stat(at("maildirsize"), &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(symlink("../victim", at("tmp/maildirsize.ringmail")),
	    -1); /* the draft of before */
	assert_int_equal(rmdir(at("maildirsize")), 0);
	assert_true(quota_reserve(name, &owner, 10));
	quota_settle(name, &owner, 10, 1);
	expect_file("1000000S\n40 4\n");
	assert_int_equal(stat(at("victim"), &st), 0);
	assert_int_equal(st.st_size, 4);
}

#define BODY(f)                                               \
	{                                                     \
#f, run, make_box, NULL, &(void (*[1])(void)) \
		{                                             \
			f                                     \
		}                                             \
	}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    BODY(names_tell_sizes),
	    BODY(counts),
	    BODY(limits_octets),
	    BODY(limits_messages),
	    BODY(room_comes_back),
	    BODY(no_limit_leaves_no_file),
	    BODY(file_is_made_anew),
	    BODY(traps_are_passed_by),
	};

	return cmocka_run_group_tests(tests, make_root, remove_root);
}

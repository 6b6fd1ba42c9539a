/* Maildirs and snapshots, above all those whose owner has laid traps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../helpers/maildir.h"
#include "../../helpers/snapshot.h"

#include "remove_tree.h"
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BOX "example.org/u"

static char root[64];

static int
setup(void **state)
{
	(void)state;
	strcpy(root, "/tmp/ringmail.maildir.XXXXXX");
	if (mkdtemp(root) == NULL || maildir_setup(root, "host") == -1)
		return -1;
	return maildir_make(BOX);
}

static int
teardown(void **state)
{
	(void)state;
	return remove_tree(root);
}

static const char *
path_of(const char *file)
{
	static char path[1024];

	snprintf(path, sizeof(path), "%s/" BOX "/%s", root, file);
	return path;
}

static void
put(const char *file, const char *text)
{
	int fd = open(path_of(file), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_not_equal(fd, -1);
	assert_int_equal(maildir_write(fd, text, strlen(text)), 0);
	close(fd);
}

static void
test_names(void **state)
{
	char name[MAILDIR_NAME_MAX], later[MAILDIR_NAME_MAX];
	uint64_t size, octets;

	(void)state;
	maildir_name(name, 0x12ab, INT64_C(1700000000123456789), 1000, 1020);
	assert_string_equal(
	    name, "1700000000.M123456R00000000000012ab.host,S=1000,W=1020");
	assert_int_equal(snapshot_parse(name, &size, &octets), 0);
	assert_int_equal(size, 1000);
	assert_int_equal(octets, 1020);
	maildir_name(later, 1, INT64_C(1700000000123457000), 1, 2);
	assert_true(strcmp(name, later) < 0);
	assert_int_equal(maildir_base_length("abc,S=1:2,S"), 7);
}

static void
test_parse_refuses(void **state)
{
	static const char *const bad[] = {"a", "a,S=1", "a,W=1", "a,S=,W=1",
	    "a,S=5,W=4", "a,S=5,W=13", "a,S=1,W=99999999999999999999",
	    "a:2,S=1,W=1", NULL};
	uint64_t size, octets;

	(void)state;
	for (unsigned i = 0; bad[i] != NULL; i++)
		assert_int_equal(snapshot_parse(bad[i], &size, &octets), -1);
	assert_int_equal(snapshot_parse("a,S=5,W=12:2,S", &size, &octets), 0);
}

static void
test_is_file(void **state)
{
	static const char *const bad[] = {"", "new", "new/", "new/.x", "new/..",
	    "tmp/x", "cur/../x", "new//x", "/new/x", "new/a/b", NULL};
	char longest[4 + MAILDIR_NAME_MAX + 1] = "new/";

	(void)state;
	for (unsigned i = 0; bad[i] != NULL; i++)
		assert_false(maildir_is_file(bad[i]));
	assert_true(maildir_is_file("new/x"));
	assert_true(maildir_is_file("cur/x:2,S"));
	memset(longest + 4, 'x', MAILDIR_NAME_MAX - 1);
	assert_true(maildir_is_file(longest));
	memset(longest + 4, 'x', MAILDIR_NAME_MAX);
	assert_false(maildir_is_file(longest));
}

static const char *
uidl_of(const struct snapshot *s, size_t i)
{
	static char uidl[SNAPSHOT_UIDL + 1];

	snapshot_uidl(s->letters[i].file + 4, uidl);
	return uidl;
}

static void
test_snapshot(void **state)
{
	struct snapshot s;
	uint64_t budget = 1000000;

	(void)state;
	put("cur/999.b.host:2,S", "a\nb\n");
	put("new/1700000000.a.host", "a\r\nb");
	put("new/1600000000.a.host,S=4,W=6", "a\nb\n");
	put("cur/1600000001.a b.host:2,", "");
	put("new/.hidden", "x");
	put("tmp/1", "x");
	assert_int_equal(snapshot_take(&s, BOX), 0);
	assert_int_equal(s.count, 4);
	for (size_t i = 0; i < s.count; i++)
		if (s.letters[i].octets == SNAPSHOT_UNKNOWN)
			snapshot_measure(&s, i, BOX, &budget);
	assert_string_equal(s.letters[0].file, "cur/999.b.host:2,S");
	assert_string_equal(uidl_of(&s, 0), "999.b.host");
	assert_int_equal(s.letters[0].octets, 6);
	assert_int_equal(s.letters[0].size, 4);
	assert_string_equal(s.letters[1].file, "new/1600000000.a.host,S=4,W=6");
	assert_string_equal(uidl_of(&s, 1), "1600000000.a.host,S=4,W=6");
	assert_int_equal(s.letters[1].octets, 6);
	assert_int_equal(s.letters[2].octets, 0);
	assert_int_equal(strlen(uidl_of(&s, 2)), 64);
	assert_int_equal(s.letters[3].octets, 6);
	snapshot_free(&s);
}

/* Our own names lose what they say of sizes, others nothing. */
static void
test_uidls_follow_from_names(void **state)
{
	char name[MAILDIR_NAME_MAX], uidl[SNAPSHOT_UIDL + 1];

	(void)state;
	maildir_name(name, 0x1234, INT64_C(1763768000123456789), 10, 12);
	snapshot_uidl(name, uidl);
	assert_string_equal(uidl, "1763768000.M123456R0000000000001234.host");
	strcat(name, ":2,S");
	snapshot_uidl(name, uidl);
	assert_string_equal(uidl, "1763768000.M123456R0000000000001234.host");
	snapshot_uidl("1.x,S=2,W=3:2,", uidl);
	assert_string_equal(uidl, "1.x,S=2,W=3");
	snapshot_uidl("1763768000.M123456P99.host,S=2", uidl);
	assert_string_equal(uidl, "1763768000.M123456P99.host,S=2");
	snapshot_uidl("a b", uidl);
	assert_int_equal(strlen(uidl), 64);
}

static int
count_pause(void *arg)
{
	return ++*(int *)arg == 3;
}

/* Work on many letters is cut into pieces, and may be ended between them. */
static void
test_pauses(void **state)
{
	struct snapshot s;
	char file[64];
	int pauses = 0;

	(void)state;
	for (int i = 0; i < 1200; i++) {
		snprintf(file, sizeof(file), "new/%d.x", 100000 + i);
		put(file, "");
	}
	assert_int_equal(
	    snapshot_take_gently(&s, BOX, count_pause, &pauses), -1);
	assert_int_equal(pauses, 3);
	snapshot_free(&s);
	pauses = 3;
	assert_int_equal(
	    snapshot_take_gently(&s, BOX, count_pause, &pauses), 0);
	assert_int_equal(s.count, 1200);
	assert_true(pauses >= 3 + 1200 / 512);
	snapshot_free(&s);
}

static void
test_budget_bounds_reading(void **state)
{
	struct snapshot s;
	uint64_t budget = 3;

	(void)state;
	put("new/1.x", "a\nb\n");
	assert_int_equal(snapshot_take(&s, BOX), 0);
	snapshot_measure(&s, 0, BOX, &budget);
	assert_int_equal(s.letters[0].octets, 4);
	assert_int_equal(budget, 3);
	snapshot_free(&s);
}

/* A FIFO, a device, a folder or a link in the place of a letter. */
static void
test_traps_are_no_letters(void **state)
{
	struct snapshot s;

	(void)state;
	assert_int_equal(mkfifo(path_of("new/1.fifo"), 0600), 0);
	assert_int_equal(mkdir(path_of("new/1.folder"), 0700), 0);
	assert_int_equal(symlink("/etc/passwd", path_of("new/1.link")), 0);
	assert_int_equal(snapshot_take(&s, BOX), 0);
	assert_int_equal(s.count, 0);
	snapshot_free(&s);
	assert_int_equal(maildir_fetch(BOX, "new/1.fifo"), -1);
	assert_int_equal(maildir_fetch(BOX, "new/1.folder"), -1);
	assert_int_equal(maildir_fetch(BOX, "new/1.link"), -1);
}

/* A link in the place of a folder. */
static void
test_folders_are_not_followed(void **state)
{
	struct snapshot s;

	(void)state;
	put("cur/1.x", "a\n");
	assert_int_equal(rmdir(path_of("new")), 0);
	assert_int_equal(symlink("cur", path_of("new")), 0);
	assert_int_equal(maildir_open(BOX, "new"), -1);
	assert_int_equal(snapshot_take(&s, BOX), -1);
	snapshot_free(&s);
	assert_int_equal(maildir_fetch(BOX, "new/1.y"), -1);
	assert_int_equal(maildir_open("../etc", ""), -1);
	assert_int_equal(maildir_open("example.org/../..", "etc"), -1);
}

static void
test_moved_letters_are_found(void **state)
{
	char file[WIRE_FILE_MAX];
	int fd;

	(void)state;
	put("cur/1.x,S=2,W=3:2,RS", "a\n");
	assert_int_equal(
	    maildir_find(BOX, "1.x,S=2,W=3", 11, file, sizeof(file)), 1);
	assert_string_equal(file, "cur/1.x,S=2,W=3:2,RS");
	assert_int_equal(maildir_find(BOX, "1.x", 3, file, sizeof(file)), 0);
	fd = maildir_fetch(BOX, "new/1.x,S=2,W=3");
	assert_int_not_equal(fd, -1);
	close(fd);
	assert_int_equal(maildir_remove(BOX, "new/1.x,S=2,W=3"), 0);
	assert_int_equal(maildir_fetch(BOX, "new/1.x,S=2,W=3"), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(maildir_remove(BOX, "new/1.x,S=2,W=3"), 0);
}

static void
test_many_are_removed(void **state)
{
	static const char *const files[] = {
	    "new/1.x", "cur/2.x:2,", "new/3.x", "new/4.x", "cur/5.x:2,S"};
	const char *const trap[] = {"new/6.x", "new/7.x", "new/8.x"};

	(void)state;
	put("new/1.x", "a\n");
	put("cur/2.x:2,", "a\n");
	put("cur/3.x:2,S", "moved\n");
	put("new/5.x", "moved back\n");
	put("new/55.x", "stays\n");
	assert_int_equal(maildir_remove_all(BOX, files, 5), 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(maildir_fetch(BOX, files[i]), -1);
	assert_int_equal(access(path_of("new/55.x"), F_OK), 0);
	assert_int_equal(maildir_remove_all(BOX, files, 5), 0);
	/* A folder in the way: those behind it stay. */
	put("new/6.x", "a\n");
	assert_int_equal(mkdir(path_of("new/7.x"), 0700), 0);
	put("new/8.x", "a\n");
	assert_int_equal(maildir_remove_all(BOX, trap, 3), -1);
	assert_int_equal(errno, EISDIR);
	assert_int_equal(access(path_of("new/6.x"), F_OK), -1);
	assert_int_equal(access(path_of("new/8.x"), F_OK), 0);
}

static void
test_link(void **state)
{
	int folder = maildir_open(BOX, "new"), fd = maildir_unnamed(folder);

	(void)state;
	assert_int_not_equal(fd, -1);
	assert_int_equal(maildir_link(fd, folder, "1.x"), 0);
	assert_int_equal(maildir_link(fd, folder, "1.x"), -1);
	assert_int_equal(errno, EEXIST);
	close(fd);
	close(folder);
}

int
main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_names),
	    TEST(test_parse_refuses),
	    TEST(test_is_file),
	    TEST(test_snapshot),
	    TEST(test_uidls_follow_from_names),
	    TEST(test_pauses),
	    TEST(test_budget_bounds_reading),
	    TEST(test_traps_are_no_letters),
	    TEST(test_folders_are_not_followed),
	    TEST(test_moved_letters_are_found),
	    TEST(test_many_are_removed),
	    TEST(test_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Tests of mailctl/tarball*.c: what is written is read; what was damaged, at
 * whichever octet, is found, or did no harm. */
#include "../../mailctl/tarball.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define STEP 37 /* octets between those that are damaged */

static char folder[64], path[96], other[96];
static int kept; /* standard error */
static const char *const names[] = {
    "INFO", "files/\xc3\xa4 \xff", "accounts/empty"};
static const char *const texts[] = {"state=/var/lib\n", "secret\0stuff", ""};
static const size_t lengths[] = {15, 12, 0};

/* What goes to standard error is kept off the test's own. */
static int
set_up(void **state)
{
	int fd = open("/dev/null", O_WRONLY);

	(void)state;
	strcpy(folder, "/tmp/ringmail-tar-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/a.tar", folder);
	snprintf(other, sizeof(other), "%s/b.tar", folder);
	kept = dup(STDERR_FILENO);
	dup2(fd, STDERR_FILENO);
	return close(fd);
}

static int
tear_down(void **state)
{
	char command[128];

	(void)state;
	dup2(kept, STDERR_FILENO);
	close(kept);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static struct tarball_member
member(int i)
{
	struct tarball_member m = {
	    .size = lengths[i], .rights = {0640, "root", "mail"}};

	snprintf(m.name, sizeof(m.name), "%s", names[i]);
	return m;
}

static void
write_one(const char *to)
{
	struct tarball *t = tarball_create(to);
	struct tarball_member m;

	assert_non_null(t);
	for (int i = 0; i < 3; i++) {
		m = member(i);
		assert_int_equal(tarball_begin(t, &m), 0);
		if (lengths[i] > 0) {
			assert_int_equal(tarball_put(t, texts[i], 5), 0);
			assert_int_equal(
			    tarball_put(t, texts[i] + 5, lengths[i] - 5), 0);
		}
	}
	assert_int_equal(access(to, F_OK), -1);
	assert_true(tarball_has(t, names[1]));
	assert_false(tarball_has(t, "files/"));
	assert_int_equal(tarball_finish(t), 0);
	assert_int_equal(tarball_count(t), 3);
	tarball_free(&t);
	assert_null(t);
}

/* 0 where it can't be read; 1 where all is as it was written. */
static int
read_one(const char *from)
{
	struct tarball_reader *r = tarball_open(from);
	struct tarball_member m;
	char data[64];
	int fd;

	if (r == NULL)
		return 0;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(tarball_next(r, &m), 1);
		assert_string_equal(m.name, names[i]);
		assert_int_equal(m.size, lengths[i]);
		assert_int_equal(m.rights.mode, 0640);
		assert_string_equal(m.rights.group, "mail");
		fd = open(folder, O_TMPFILE | O_RDWR, 0600);
		assert_int_equal(tarball_copy(r, fd), 0);
		assert_int_equal(
		    pread(fd, data, sizeof(data), 0), (ssize_t)lengths[i]);
		assert_memory_equal(data, texts[i], lengths[i]);
		close(fd);
	}
	assert_int_equal(tarball_next(r, &m), 0);
	tarball_close(&r);
	return 1;
}

static void
test_round_trip(void **state)
{
	struct tarball_reader *r;
	struct tarball_member m;
	char text[32];
	struct stat st;

	(void)state;
	write_one(path);
	assert_int_equal(read_one(path), 1);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_null(tarball_create(path)); /* it replaces nothing */
	r = tarball_open(path);
	assert_int_equal(tarball_reader_octets(r), 27);
	assert_int_equal(tarball_next(r, &m), 1);
	assert_int_equal(tarball_text(r, text, sizeof(text)), 0);
	assert_string_equal(text, texts[0]);
	assert_int_equal(tarball_next(r, &m), 1);
	assert_int_equal(tarball_text(r, text, 12), -1);
	tarball_close(&r);
}

static void
test_what_is_not_finished_has_no_name(void **state)
{
	struct tarball *t = tarball_create(path);
	struct tarball_member m = member(0);

	(void)state;
	assert_int_equal(tarball_begin(t, &m), 0);
	assert_int_equal(tarball_put(t, texts[0], lengths[0]), 0);
	assert_int_equal(tarball_put(t, "x", 1), -1); /* more than it has */
	tarball_free(&t);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(rmdir(folder), 0);
	assert_null(tarball_create(path));
	assert_int_equal(mkdir(folder, 0700), 0);
	m.name[2] = '\n';
	t = tarball_create(path);
	assert_int_equal(tarball_begin(t, &m), -1);
	tarball_free(&t);
}

/* Somebody else takes the name meanwhile: his file stays. */
static void
test_a_name_that_was_taken(void **state)
{
	struct tarball *t = tarball_create(path);
	struct stat st;

	(void)state;
	close(open(path, O_CREAT | O_WRONLY, 0644));
	assert_int_equal(tarball_finish(t), -1);
	tarball_free(&t);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 0);
}

static size_t
load(const char *from, char *data, size_t size)
{
	int fd = open(from, O_RDONLY);
	ssize_t n = read(fd, data, size);

	close(fd);
	assert_true(n > 0 && (size_t)n < size);
	return (size_t)n;
}

static void
store(const char *to, const char *data, size_t length)
{
	int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, data, length), (ssize_t)length);
	close(fd);
}

static void
test_damage(void **state)
{
	static char data[1 << 16];
	size_t length;
	int found = 0;

	(void)state;
	write_one(path);
	length = load(path, data, sizeof(data));
	for (size_t at = 0; at < length; at += STEP) {
		data[at] ^= 0x40;
		store(other, data, length);
		found += !read_one(other);
		data[at] ^= 0x40;
	}
	assert_true(found > 20);
	/* All that counts stands before the padding. */
	for (size_t end = 0; end < 4 * 1024; end += STEP) {
		store(other, data, end);
		assert_int_equal(read_one(other), 0);
	}
	store(other, data, length);
	assert_int_equal(read_one(other), 1);
}

/* It is another one by the second reading; its end was not yet in memory. */
static void
test_changed_meanwhile(void **state)
{
	static char data[300000];
	struct tarball_member m = {.name = "large", .size = sizeof(data)};
	struct tarball *t = tarball_create(path);
	struct tarball_reader *r;
	int fd;

	(void)state;
	assert_int_equal(tarball_begin(t, &m), 0);
	assert_int_equal(tarball_put(t, data, sizeof(data)), 0);
	assert_int_equal(tarball_finish(t), 0);
	tarball_free(&t);
	r = tarball_open(path);
	assert_non_null(r);
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, "x", 1, sizeof(data) - 1), 1);
	close(fd);
	fd = open(folder, O_TMPFILE | O_RDWR, 0600);
	assert_int_equal(tarball_next(r, &m), 1);
	assert_int_equal(tarball_copy(r, fd), -1);
	close(fd);
	tarball_close(&r);
}

/* However a path is written, its name is one that will be read. */
static void
test_names_of_paths(void **state)
{
	static const char *const paths[][2] = {{"/etc/x", "files/etc/x"},
	    {"//etc///./x/.", "files/etc/x"}, {"/etc/x//", "files/etc/x"},
	    {"/etc/.../..x", "files/etc/.../..x"}, {"/", "files"},
	    {"/tmp/../proc/self/../version", "files/proc/version"}};
	char name[TARBALL_NAME_MAX], path_[2 * TARBALL_NAME_MAX] = "/";

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		assert_int_equal(
		    tarball_name_of("files", paths[i][0], name), 0);
		assert_string_equal(name, paths[i][1]);
		assert_true(tarball_name_is_plain(name));
	}
	assert_int_equal(tarball_name_of("files", "/tmp/../none", name), -1);
	assert_int_equal(errno, ENOENT);
	memset(path_ + 1, 'x', TARBALL_NAME_MAX - 7); /* 1 octet less */
	assert_int_equal(tarball_name_of("files", path_, name), 0);
	assert_int_equal(strlen(name), TARBALL_NAME_MAX - 1);
	path_[strlen(path_)] = 'x';
	assert_int_equal(tarball_name_of("files", path_, name), -1);
	assert_int_equal(errno, ENAMETOOLONG);
	memset(path_ + 1, 'x', TARBALL_NAME_MAX);
	assert_false(tarball_name_is_plain(path_ + 1));
	for (const char *const *bad =
		 (const char *const[]){"", "/x", "x/", "x//y", ".", "..",
		     "x/../y", "x/./y", "x\033[2J", "\177", NULL};
	     *bad != NULL; bad++)
		assert_false(tarball_name_is_plain(*bad));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_what_is_not_finished_has_no_name, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_a_name_that_was_taken, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_damage, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_changed_meanwhile, set_up, tear_down),
	    cmocka_unit_test(test_names_of_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

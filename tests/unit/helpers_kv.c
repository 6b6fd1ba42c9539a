/* Tests of helpers/kv.c: what was acknowledged survives; strays are refused. */
#include "../../helpers/kv.h"
#include "log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define CACHE (1U << 20)

static char folder[64];

static int
make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/ringmail-kv-XXXXXX");
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int
remove_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static void
put(struct kv *kv, enum kv_table table, const char *key, const char *value)
{
	assert_int_equal(kv_begin(kv), KV_OK);
	assert_int_equal(kv_put(kv, table, key, value, strlen(value)), KV_OK);
	assert_int_equal(kv_commit(kv), KV_OK);
}

static void
check(struct kv *kv, enum kv_table table, const char *key, const char *value)
{
	char found[64];
	size_t length;
	enum kv_status status;

	status = kv_get(kv, table, key, found, sizeof(found), &length);
	if (value == NULL) {
		assert_int_equal(status, KV_NONE);
		return;
	}
	assert_int_equal(status, KV_OK);
	assert_int_equal(length, strlen(value));
	assert_memory_equal(found, value, length);
}

static void
test_put_get_delete(void **state)
{
	struct kv *kv = kv_open(folder, CACHE);

	(void)state;
	assert_non_null(kv);
	check(kv, KV_USERS, "a", NULL);
	put(kv, KV_USERS, "a", "one");
	put(kv, KV_USERS, "a", "two");
	check(kv, KV_USERS, "a", "two");
	check(kv, KV_ALIASES, "a", NULL);

	assert_int_equal(kv_begin(kv), KV_OK);
	assert_int_equal(kv_delete(kv, KV_USERS, "a"), KV_OK);
	assert_int_equal(kv_delete(kv, KV_USERS, "b"), KV_NONE);
	check(kv, KV_USERS, "a", NULL);
	kv_abort(kv);
	check(kv, KV_USERS, "a", "two");

	kv_close(&kv);
	assert_null(kv);
	kv = kv_open(folder, CACHE);
	assert_non_null(kv);
	check(kv, KV_USERS, "a", "two");
	kv_close(&kv);
}

static unsigned times_behind;

static void
note_behind(void)
{
	times_behind++;
}

/* Whether the table's own file holds the text. */
static int
table_has(const char *text)
{
	static char octets[1 << 20];
	char path[128];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/users.db", folder);
	assert_true((fd = open(path, O_RDONLY)) != -1);
	n = read(fd, octets, sizeof(octets));
	close(fd);
	assert_true(n > 0);
	return memmem(octets, (size_t)n, text, strlen(text)) != NULL;
}

/* Of changes in a row, the first goes to the tables, and the others when they
 * are told to. */
static void
test_tables_are_written_later(void **state)
{
	struct kv *kv = kv_open(folder, CACHE);
	int64_t began;

	(void)state;
	assert_non_null(kv);
	put(kv, KV_USERS, "a", "value of a");
	began = clock_now();
	assert_true(table_has("value of a"));
	times_behind = 0;
	kv_settle_later(kv, note_behind);
	put(kv, KV_USERS, "b", "value of b");
	put(kv, KV_USERS, "c", "value of c");
	if (clock_now() - began > KV_SETTLE) {
		kv_close(&kv);
		skip(); /* the disk is too slow for changes in a row */
	}
	assert_int_equal(times_behind, 1);
	assert_false(table_has("value of b"));
	check(kv, KV_USERS, "c", "value of c");
	assert_int_equal(kv_settle(kv), KV_OK);
	assert_true(table_has("value of b") && table_has("value of c"));
	put(kv, KV_USERS, "d", "value of d");
	assert_int_equal(times_behind, 2);
	kv_close(&kv);
	assert_true(table_has("value of d"));
}

static void
test_limits(void **state)
{
	static char big[KV_VALUE_MAX + 1], back[KV_VALUE_MAX];
	char key[KV_KEY_MAX + 1];
	struct kv *kv = kv_open(folder, CACHE);
	size_t length;

	(void)state;
	assert_non_null(kv);
	memset(big, 'x', sizeof(big));
	memset(key, 'k', sizeof(key));
	key[KV_KEY_MAX] = '\0';
	assert_int_equal(kv_begin(kv), KV_OK);
	assert_int_equal(
	    kv_put(kv, KV_USERS, "v", big, sizeof(big)), KV_FAILED);
	assert_int_equal(kv_put(kv, KV_USERS, key, "v", 1), KV_FAILED);
	assert_int_equal(kv_put(kv, KV_USERS, "", "v", 1), KV_FAILED);
	key[KV_KEY_MAX - 1] = '\0';
	assert_int_equal(kv_put(kv, KV_USERS, key, big, KV_VALUE_MAX), KV_OK);
	assert_int_equal(kv_commit(kv), KV_OK);
	assert_int_equal(
	    kv_get(kv, KV_USERS, key, back, 10, &length), KV_FAILED);
	assert_int_equal(
	    kv_get(kv, KV_USERS, key, back, sizeof(back), &length), KV_OK);
	assert_memory_equal(back, big, sizeof(back));
	assert_false(kv_broken(kv));
	kv_close(&kv);
}

static void
test_next_walks_in_order(void **state)
{
	static const char *const keys[] = {"a/x", "a/y", "b/", "b/z"};
	struct kv *kv = kv_open(folder, CACHE);
	char key[KV_KEY_MAX] = "", value[8];
	size_t length, i;

	(void)state;
	assert_non_null(kv);
	for (i = 4; i-- > 0;)
		put(kv, KV_USERS, keys[i], keys[i]);
	for (i = 0; i < 4; i++) {
		assert_int_equal(kv_next(kv, KV_USERS, key, key, value,
				     sizeof(value), &length),
		    KV_OK);
		assert_string_equal(key, keys[i]);
		assert_int_equal(length, strlen(keys[i]));
		assert_memory_equal(value, keys[i], length);
	}
	assert_int_equal(
	    kv_next(kv, KV_USERS, key, key, NULL, 0, NULL), KV_NONE);
	assert_int_equal(
	    kv_next(kv, KV_USERS, "a/xx", key, NULL, 0, NULL), KV_OK);
	assert_string_equal(key, "a/y");
	kv_close(&kv);
}

static void
test_refuses_stray_config(void **state)
{
	char path[128];
	struct kv *kv;
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/DB_CONFIG", folder);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_null(kv_open(folder, CACHE));
	assert_int_equal(unlink(path), 0);
	kv = kv_open(folder, CACHE);
	assert_non_null(kv);
	kv_close(&kv);
}

static void
test_refuses_second_owner(void **state)
{
	struct kv *kv = kv_open(folder, CACHE);

	(void)state;
	assert_non_null(kv);
	assert_null(kv_open(folder, CACHE));
	put(kv, KV_DOMAINS, "still", "works");
	kv_close(&kv);
	kv = kv_open(folder, CACHE);
	assert_non_null(kv);
	check(kv, KV_DOMAINS, "still", "works");
	kv_close(&kv);
}

/* Overwrites the middle of a table's every page but the first. */
static void
damage(const char *file)
{
	char path[128];
	off_t at, size;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	size = lseek(fd, 0, SEEK_END);
	assert_true(size > 4096);
	for (at = 4096 + 2000; at < size; at += 4096)
		assert_int_equal(pwrite(fd, "damage", 6, at), 6);
	close(fd);
}

/* In a child: a broken environment can't be closed without leaks. */
static int
open_damaged(void)
{
	struct kv *kv = kv_open(folder, CACHE);
	enum kv_status status;
	char value[64];
	size_t length;
	int found;

	if (kv == NULL)
		return 0;
	status = kv_get(kv, KV_USERS, "a", value, sizeof(value), &length);
	found = status == KV_FAILED && kv_broken(kv);
	kv_close(&kv);
	return found ? 0 : 1;
}

static void
test_finds_damage(void **state)
{
	struct kv *kv = kv_open(folder, CACHE);
	int status;
	pid_t pid;

	(void)state;
	assert_non_null(kv);
	put(kv, KV_USERS, "a", "one");
	kv_close(&kv);
	damage("users.db");
	assert_true((pid = fork()) >= 0);
	if (pid == 0)
		_exit(open_damaged());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Commits numbers for ever and says each to fd once it is acknowledged. */
static void
commit_for_ever(int fd, int later)
{
	struct kv *kv = kv_open(folder, CACHE);
	char key[16];
	uint32_t i;

	if (kv == NULL)
		_exit(1);
	if (later)
		kv_settle_later(kv, note_behind);
	for (i = 0;; i++) {
		snprintf(key, sizeof(key), "%u", i);
		if (kv_begin(kv) != KV_OK ||
		    kv_put(kv, KV_USERS, key, &i, sizeof(i)) != KV_OK ||
		    kv_put(kv, KV_ALIASES, key, &i, sizeof(i)) != KV_OK ||
		    kv_commit(kv) != KV_OK)
			_exit(1);
		if (i % 50 == 0 &&
		    (later ? kv_settle(kv) : kv_checkpoint(kv)) != KV_OK)
			_exit(1);
		if (write(fd, &i, sizeof(i)) != sizeof(i))
			_exit(1);
	}
}

static void
check_kill(int later)
{
	uint32_t i, value, acknowledged = 0;
	int fds[2], status, wanted = 40 + (int)(getpid() % 60);
	struct kv *kv;
	char key[16];
	size_t length;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	assert_true((pid = fork()) >= 0);
	if (pid == 0)
		commit_for_ever(fds[1], later);
	close(fds[1]);
	while (wanted-- > 0)
		assert_int_equal(read(fds[0], &acknowledged, 4), 4);
	assert_int_equal(kill(pid, SIGKILL), 0);
	while (read(fds[0], &acknowledged, 4) == 4)
		;
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));

	kv = kv_open(folder, CACHE);
	assert_non_null(kv);
	for (i = 0; i <= acknowledged; i++) {
		snprintf(key, sizeof(key), "%u", i);
		assert_int_equal(
		    kv_get(kv, KV_USERS, key, &value, 4, &length), KV_OK);
		assert_int_equal(value, i);
		assert_int_equal(
		    kv_get(kv, KV_ALIASES, key, &value, 4, &length), KV_OK);
		assert_int_equal(value, i);
	}
	/* What was under way when it died is there in both tables or none. */
	snprintf(key, sizeof(key), "%u", acknowledged + 1);
	assert_int_equal(kv_get(kv, KV_USERS, key, &value, 4, &length),
	    kv_get(kv, KV_ALIASES, key, &value, 4, &length));
	kv_close(&kv);
}

static void
test_kill_loses_nothing(void **state)
{
	(void)state;
	check_kill(0);
}

static void
test_kill_loses_nothing_in_the_log(void **state)
{
	(void)state;
	check_kill(1);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_put_get_delete),
	    TEST(test_tables_are_written_later),
	    TEST(test_limits),
	    TEST(test_next_walks_in_order),
	    TEST(test_refuses_stray_config),
	    TEST(test_refuses_second_owner),
	    TEST(test_finds_damage),
	    TEST(test_kill_loses_nothing),
	    TEST(test_kill_loses_nothing_in_the_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

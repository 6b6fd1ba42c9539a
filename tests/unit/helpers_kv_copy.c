/* Tests of helpers/kv_copy.c: a copy that is made while all goes on has what
 * was acknowledged when its log was listed. */
#include "../../helpers/kv_copy.h"
#include "log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define CACHE (1U << 20)
/* Smaller than a page, so that pages are torn unless one thread does all. */
#define PIECE 1000
/* Pieces between two changes. */
#define EVERY 8

static char folder[64], copy[80];
static struct kv_copy_file files[KV_COPY_MOST];
static int puts_done;

static int
make_folder(void **state)
{
	(void)state;
	log_set_level(LEVEL_ERROR);
	strcpy(folder, "/tmp/ringmail-kv-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(copy, sizeof(copy), "%s/copy", folder);
	puts_done = 0;
	return mkdir(copy, 0700);
}

static int
remove_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

/* Keys are spread over the pages; each value tells which put it was. */
static void
put_next(struct kv *kv)
{
	char key[32], value[300];
	int n = puts_done++;

	snprintf(key, sizeof(key), "%03d-%d", n * 577 % 1000, n);
	memset(value, 'x', sizeof(value));
	snprintf(value, sizeof(value), "%d", n);
	assert_int_equal(kv_begin(kv), KV_OK);
	assert_int_equal(
	    kv_put(kv, n % KV_TABLES, key, value, sizeof(value)), KV_OK);
	assert_int_equal(kv_commit(kv), KV_OK);
	if (n % 13 == 0)
		assert_int_equal(kv_checkpoint(kv), KV_OK);
}

static void
check_put(struct kv *kv, int n)
{
	char key[32], value[300], wanted[16];
	size_t length;

	snprintf(key, sizeof(key), "%03d-%d", n * 577 % 1000, n);
	snprintf(wanted, sizeof(wanted), "%d", n);
	assert_int_equal(
	    kv_get(kv, n % KV_TABLES, key, value, sizeof(value), &length),
	    KV_OK);
	assert_string_equal(value, wanted);
}

/* Copies a file piece by piece; between them, things happen. */
static void
copy_file(struct kv *kv, const struct kv_copy_file *file)
{
	char path[256], data[PIECE];
	uint64_t at = 0;
	size_t length;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", copy, file->name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd != -1);
	for (; at < file->size; at += length) {
		assert_int_equal(kv_copy_read(kv, file->name, at, data,
				     sizeof(data), &length),
		    KV_OK);
		assert_true(length > 0);
		if (length > file->size - at)
			length = (size_t)(file->size - at);
		assert_int_equal(write(fd, data, length), (ssize_t)length);
		if (at / PIECE % EVERY == 0)
			put_next(kv);
	}
	close(fd);
}

static void
test_copy_of_what_changes(void **state)
{
	struct kv *kv = kv_open(folder, CACHE);
	size_t count;
	int certain;

	(void)state;
	assert_non_null(kv);
	while (puts_done < 60)
		put_next(kv);
	assert_int_equal(kv_copy_begin(kv, files, &count), KV_OK);
	assert_int_equal(count, KV_TABLES);
	for (size_t i = 0; i < count; i++)
		copy_file(kv, &files[i]);
	certain = puts_done;
	assert_true(certain > 65);
	assert_int_equal(kv_copy_log(kv, files, &count), KV_OK);
	assert_true(count > 0);
	for (size_t i = 0; i < count; i++)
		copy_file(kv, &files[i]);
	kv_copy_end(kv);
	put_next(kv);
	kv_close(&kv);

	kv = kv_open(copy, CACHE);
	assert_non_null(kv);
	for (int n = 0; n < certain; n++)
		check_put(kv, n);
	puts_done = certain; /* it can be changed as any other */
	put_next(kv);
	check_put(kv, certain);
	kv_close(&kv);
	kv = kv_open(folder, CACHE);
	assert_non_null(kv);
	check_put(kv, certain - 1);
	kv_close(&kv);
}

static int64_t
log_octets(struct kv *kv)
{
	int64_t sum = 0;
	size_t count;

	assert_int_equal(kv_copy_log(kv, files, &count), KV_OK);
	for (size_t i = 0; i < count; i++)
		sum += (int64_t)files[i].size;
	return sum;
}

/* No log goes during a copy; old ones do afterwards. */
static void
test_logs_stay_until_the_end(void **state)
{
	static char value[40000];
	struct kv *kv = kv_open(folder, CACHE);
	int64_t most;
	size_t count;

	(void)state;
	assert_non_null(kv);
	assert_int_equal(kv_copy_begin(kv, files, &count), KV_OK);
	for (int i = 0; i < 130; i++) {
		assert_int_equal(kv_begin(kv), KV_OK);
		assert_int_equal(
		    kv_put(kv, KV_USERS, "a", value, sizeof(value)), KV_OK);
		assert_int_equal(kv_commit(kv), KV_OK);
	}
	most = log_octets(kv);
	assert_true(most > 130 * (int64_t)sizeof(value));
	kv_copy_end(kv);
	assert_int_equal(kv_checkpoint(kv), KV_OK);
	assert_true(log_octets(kv) < most);
	kv_close(&kv);
}

static void
test_other_files_are_not_ours(void **state)
{
	static const char *const names[] = {"LOCK", "", ".", "../x", "users",
	    "users.db/", "log.1", "log.00000000x1", "log.0000000001/../LOCK",
	    "/etc/passwd", "log.9999999999"};
	struct kv *kv = kv_open(folder, CACHE);
	char data[PIECE];
	size_t length;

	(void)state;
	assert_non_null(kv);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(
		    kv_copy_read(kv, names[i], 0, data, sizeof(data), &length),
		    KV_NONE);
	assert_int_equal(kv_copy_read(kv, "users.db", UINT64_MAX, data,
			     sizeof(data), &length),
	    KV_NONE);
	assert_int_equal(
	    kv_copy_read(kv, "users.db", 1U << 30, data, sizeof(data), &length),
	    KV_OK);
	assert_int_equal(length, 0);
	kv_close(&kv);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_copy_of_what_changes, make_folder, remove_folder),
	    cmocka_unit_test_setup_teardown(
		test_logs_stay_until_the_end, make_folder, remove_folder),
	    cmocka_unit_test_setup_teardown(
		test_other_files_are_not_ours, make_folder, remove_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* UIDLs that don't follow from names: stored, kept twice, imported. */
#include "index_box.h"

#include "../../helpers/uidl_import.h"

#include <endian.h>
#include <errno.h>

/* The UIDL of the letter whose file begins with this; copied. */
static void
uidl_of(const char *file, char uidl[71])
{
	struct index_view v;
	struct mailbox_letter l;

	assert_int_equal(index_open(&owner, &v), 0);
	uidl[0] = '\0';
	for (uint32_t i = 0; i < v.count; i++) {
		assert_int_equal(catalog_read(v.fd, v.row, i, &l), 0);
		if (strncmp(l.file + 4, file, strlen(file)) == 0)
			strcpy(uidl, l.uidl);
	}
	close(v.fd);
}

/* Of two letters that would share an UIDL, the one for which it was stored gets
 * it; the other one's is stored then, and stays whatever goes or is lost. */
static void
shared_uidls_are_parted(void)
{
	struct index_key key;
	struct uidls u;
	char first[71], second[71], again[71];

	put("cur/aaa:2,S", "x\n");
	uidl_of("aaa", first);
	assert_string_equal(first, "aaa");
	index_file_key(&key, owner.path);
	/* Another's import, of the same UIDL. */
	assert_int_equal(uidls_load(&u, &key, NULL, NULL), 0);
	assert_int_equal(uidls_add(&u, "bbb:2,", "aaa"), 0);
	assert_int_equal(uidls_add(&u, "bbb:2,S", "ccc"), 1);
	assert_int_equal(uidls_store(&u), 0);
	uidls_free(&u);
	put("cur/bbb:2,S", "x\n");
	uidl_of("bbb", second);
	assert_string_equal(second, "aaa");
	uidl_of("aaa", first);
	assert_int_equal(strlen(first), 64);
	assert_int_equal(unlink(path_of("cur/bbb:2,S")), 0);
	uidl_of("aaa", again);
	assert_string_equal(again, first);
	index_forget(&owner);
	uidl_of("aaa", again);
	assert_string_equal(again, first);
}

static unsigned
count_rows(void)
{
	struct index_view v;

	assert_int_equal(index_open(&owner, &v), 0);
	close(v.fd);
	return v.count;
}

/* Two files of one base are two letters: both are shown, one by another name,
 * and both keep their UIDLs and sizes. */
static void
twins_are_two_letters(void)
{
	char first[71], second[71], again[71];

	put("new/aaa,S=2,W=3", "x\n");
	put("cur/aaa,S=2,W=3:2,S", "y\n");
	put("new/bbb", "longer than the other\n");
	put("cur/bbb:2,", "x\n");
	assert_int_equal(count_rows(), 4);
	assert_int_equal(access(path_of("cur/aaa,S=2,W=3:2,S"), F_OK), 0);
	assert_int_equal(access(path_of("new/aaa,S=2,W=3"), F_OK), -1);
	assert_int_equal(access(path_of("new/bbb"), F_OK), -1);
	uidl_of("aaa,", first);
	uidl_of("aaa~", second);
	assert_string_not_equal(first, second);
	index_forget(&owner);
	assert_int_equal(count_rows(), 4);
	uidl_of("aaa,", again);
	assert_string_equal(again, first);
	uidl_of("aaa~", again);
	assert_string_equal(again, second);
	put("new/bbb", "third\n");
	assert_int_equal(count_rows(), 5);
}

/* What a program has left that stopped between link and unlink. */
static void
one_file_of_two_names_is_one_letter(void)
{
	char other[1024];

	put("new/aaa", "x\n");
	snprintf(other, sizeof(other), "%s", path_of("cur/aaa:2,S"));
	assert_int_equal(link(path_of("new/aaa"), other), 0);
	assert_int_equal(count_rows(), 1);
	assert_int_equal(access(path_of("new/aaa"), F_OK), -1);
	assert_int_equal(access(other, F_OK), 0);
}

/* What the file of UIDLs has lost, the index still knows, and gives back. */
static void
stored_uidls_are_kept_twice(void)
{
	struct index_key key;
	struct uidls u;
	char uidl[71];
	int fd;

	put("cur/aaa:2,S", "x\n");
	index_file_key(&key, owner.path);
	assert_int_equal(uidls_load(&u, &key, NULL, NULL), 0);
	assert_int_equal(uidls_add(&u, "aaa", "imported"), 0);
	assert_int_equal(uidls_store(&u), 0);
	uidls_free(&u);
	uidl_of("aaa", uidl);
	assert_string_equal(uidl, "imported");
	fd = index_file_open(&key, INDEX_UIDLS, O_RDWR);
	assert_int_equal(pwrite(fd, "x", 1, 55), 1);
	assert_int_equal(uidls_load(&u, &key, NULL, NULL), 0);
	assert_int_equal(u.damaged, 1);
	assert_null(uidls_find(&u, "aaa"));
	uidls_free(&u);
	index_spoil(&owner);
	uidl_of("aaa", uidl);
	assert_string_equal(uidl, "imported");
	assert_int_equal(uidls_load(&u, &key, NULL, NULL), 0);
	assert_string_equal(uidls_find(&u, "aaa:2,FS"), "imported");
	uidls_free(&u);
	/* A line without an end does not spoil what follows. */
	assert_int_equal(pwrite(fd, "12", 2, lseek(fd, 0, SEEK_END)), 2);
	assert_int_equal(uidls_load(&u, &key, NULL, NULL), 0);
	assert_int_equal(u.torn, 1);
	assert_int_equal(uidls_add(&u, "bbb", "other"), 0);
	assert_int_equal(uidls_store(&u), 0);
	uidls_free(&u);
	assert_int_equal(uidls_load(&u, &key, NULL, NULL), 0);
	assert_string_equal(uidls_find(&u, "bbb"), "other");
	assert_string_equal(uidls_find(&u, "aaa"), "imported");
	uidls_free(&u);
	close(fd);
}

static void
imports_are_bounded(void)
{
	static char long_line[70000];
	struct index_key key;
	struct uidl_import counts;
	struct uidls u;

	index_file_key(&key, owner.path);
	assert_int_equal(uidls_load(&u, &key, NULL, NULL), 0);
	assert_int_equal(uidl_import(&u, &owner, UIDL_OF_FILES, &counts), -1);
	assert_int_equal(errno, ENOENT);
	put("dovecot-uidlist", "5 V1\n1 :x\n");
	assert_int_equal(uidl_import(&u, &owner, UIDL_OF_FILES, &counts), -1);
	assert_int_equal(errno, EBADMSG);
	memset(long_line, 'x', sizeof(long_line) - 1);
	memcpy(long_line, "3 V7 N9\n", 8);
	memcpy(long_line + 60000,
	    "\n1 :a\n2 Pb c :b\n3 :../x\n4 P :c\n99999999999 :d\n", 47);
	long_line[60047] = '\0';
	put("dovecot-uidlist", long_line);
	assert_int_equal(uidl_import(&u, &owner, UIDL_OF_FILES, &counts), 0);
	assert_int_equal(counts.found, 2);
	assert_string_equal(uidls_find(&u, "a"), "0000000100000007");
	assert_string_equal(uidls_find(&u, "b"), "b");
	uidls_free(&u);
	assert_int_equal(unlink(path_of("dovecot-uidlist")), 0);
	assert_int_equal(mkfifo(path_of("dovecot-uidlist"), 0600), 0);
	assert_int_equal(uidls_load(&u, &key, NULL, NULL), 0);
	assert_int_equal(uidl_import(&u, &owner, UIDL_OF_FILES, &counts), -1);
	uidls_free(&u);
}

static void
put_number(unsigned char *index, unsigned at, uint32_t number)
{
	number = htobe32(number);
	memcpy(index + at, &number, sizeof(number));
}

/* Where each version has its fields, as its sources say. */
static const struct layout {
	uint32_t version, head, record;
	unsigned validity, options;
} layouts[] = {
    {6, 80, 80, 44, 60},
    {10, 96, 96, 44, 60},
    {13, 128, 104, 44, 60},
    {17, 160, 112, 44, 60},
    {20, 192, 144, 92, 64},
};

/* A cyrus.index with the letters 1, 5 and 4000000000. */
static size_t
make_cyrus(unsigned char *index, const struct layout *l, uint32_t options)
{
	static const uint32_t uids[] = {1, 5, 4000000000};

	memset(index, 0x5a, 1024);
	put_number(index, 8, l->version);
	put_number(index, 12, l->head);
	put_number(index, 16, l->record);
	put_number(index, 20, 3);
	put_number(index, l->validity, 1234567890);
	put_number(index, l->options, options);
	for (unsigned i = 0; i < 3; i++)
		put_number(index, l->head + i * l->record, uids[i]);
	return l->head + (size_t)3 * l->record;
}

static void
put_octets(const char *file, const void *data, size_t length)
{
	int fd = open(path_of(file), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, data, length), (ssize_t)length);
	close(fd);
}

static int
import(struct uidls *u, enum uidl_source source, struct uidl_import *counts)
{
	struct index_key key;

	index_file_key(&key, owner.path);
	assert_int_equal(uidls_load(u, &key, NULL, NULL), 0);
	return uidl_import(u, &owner, source, counts);
}

static void
cyrus_uidls_are_imported(void)
{
	static unsigned char index[1024];
	struct uidl_import counts;
	struct uidls u;
	size_t size;

	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		size = make_cyrus(index, &layouts[i], 0xfffffff1);
		put_octets("cyrus.index", index, size);
		assert_int_equal(import(&u, UIDL_OF_FILES, &counts), 0);
		assert_int_equal(counts.found, 3);
		assert_string_equal(uidls_find(&u, "5.:2,S"), "1234567890.5");
		assert_string_equal(
		    uidls_find(&u, "4000000000."), "1234567890.4000000000");
		assert_null(uidls_find(&u, "2."));
		uidls_free(&u);
		/* A mailbox from before Cyrus told its UIDVALIDITY. */
		size = make_cyrus(index, &layouts[i], 0xfffffff0);
		put_octets("cyrus.index", index, size);
		assert_int_equal(import(&u, UIDL_OF_FILES, &counts), 0);
		assert_string_equal(uidls_find(&u, "1."), "1");
		uidls_free(&u);
		/* Cut off: what is whole of it. */
		put_octets("cyrus.index", index, size - layouts[i].record);
		assert_int_equal(import(&u, UIDL_OF_FILES, &counts), 0);
		assert_int_equal(counts.found, 2);
		uidls_free(&u);
	}
}

/* What no Cyrus has written is refused. */
static void
cyrus_is_not_believed(void)
{
	static const struct {
		unsigned at;
		uint32_t number;
	} wrong[] = {{8, 5}, {8, 21}, {8, 0}, {12, 8}, {12, 1 << 20}, {16, 0},
	    {16, 4}, {16, 1 << 20}, {20, UINT32_MAX}};
	static unsigned char index[1024];
	struct uidl_import counts;
	struct uidls u;
	size_t size;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		size = make_cyrus(index, &layouts[2], 1);
		put_number(index, wrong[i].at, wrong[i].number);
		put_octets("cyrus.index", index, size);
		assert_int_equal(import(&u, UIDL_OF_FILES, &counts), -1);
		assert_int_equal(errno, EBADMSG);
		uidls_free(&u);
	}
	put_octets("cyrus.index", index, 40);
	assert_int_equal(import(&u, UIDL_OF_FILES, &counts), -1);
	assert_int_equal(errno, EBADMSG);
	uidls_free(&u);
}

static void
x_uidl_is_imported(void)
{
	struct uidl_import counts;
	struct uidls u;

	put("new/a", "Subject: x\nX-UIDL: abc!\"#\n\nX-UIDL: no\n");
	put("cur/b:2,S", "x-uidl:\t0123456789abcdef \r\nSubject: x\r\n\r\n");
	put("new/c", "Subject: x\n\nX-UIDL: body\n");
	put("new/d", "X-UIDL: two words\n\nx\n");
	put("new/e", "X-UIDL: abc!\"#\n\nthe same\n");
	put("new/f", "X-UIDL:\n\nempty\n");
	put("new/g", "X-UIDL: no line's end");
	assert_int_equal(import(&u, UIDL_OF_HEADERS, &counts), 0);
	/* Of a and e, which have the same, one. */
	assert_int_equal(counts.found, 2);
	assert_int_equal(counts.added, 2);
	assert_int_equal(counts.skipped, 3);
	assert_string_equal(uidls_find(&u, "b"), "0123456789abcdef");
	assert_true(
	    (uidls_find(&u, "a") != NULL) != (uidls_find(&u, "e") != NULL));
	for (const char *name = "cdfg"; *name != '\0'; name++) {
		char one[2] = {*name, '\0'};

		assert_null(uidls_find(&u, one));
	}
	uidls_free(&u);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(shared_uidls_are_parted),
	    TEST(twins_are_two_letters),
	    TEST(one_file_of_two_names_is_one_letter),
	    TEST(stored_uidls_are_kept_twice),
	    TEST(imports_are_bounded),
	    TEST(cyrus_uidls_are_imported),
	    TEST(cyrus_is_not_believed),
	    TEST(x_uidl_is_imported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

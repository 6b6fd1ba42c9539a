/* Certificates that come in the place of others: which wait for a key, and what
 * is shown meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tls_renew.h"

#include "renew_files.h"

static struct tls_files old, new;
static unsigned char keys[8][TLS_KEY_NAME];
static struct tls_renew renew;

static int
tear_down(void **state)
{
	(void)state;
	tls_renew_free(&renew);
	tls_files_free(&old);
	tls_files_free(&new);
	return 0;
}

static void
begin(size_t count)
{
	assert_int_equal(tls_renew_begin(&renew, &new, &old), 0);
	assert_int_equal(renew.count, count);
}

/* The files that merged has: a letter each, and what they are followed by. */
static void
expect_files(const unsigned char *has, const char *wanted)
{
	struct tls_files merged;
	struct tls_part part;
	char seen[64] = "";
	size_t at = 0, n = 0;

	assert_int_equal(tls_renew_merge(&renew, has, &merged), 0);
	while (tls_files_next(&merged, &at, &part) && n < sizeof(seen) - 1)
		seen[n++] = (char)(part.kind == TLS_FILE_NAME	 ? part.data[0]
				   : part.kind == TLS_FILE_LEAF	 ? 'l'
				   : part.kind == TLS_FILE_CHAIN ? 'c'
				   : part.kind == TLS_FILE_OCSP	 ? part.data[0]
								 : '.');
	assert_int_equal(at, merged.length);
	assert_string_equal(seen, wanted);
	tls_files_free(&merged);
}

static void
what_is_the_same_waits_for_nothing(void **state)
{
	EVP_PKEY *pair = EVP_EC_gen("P-256");

	(void)state;
	put_certificate(&old, "A", "a.example", pair, keys[0]);
	put_certificate(&new, "A", "a.example", pair, keys[1]);
	put_new(&new, "B", "b.example", keys[2]);
	EVP_PKEY_free(pair);
	begin(0);
	expect_files(NULL, "AlcABlcB");
}

static void
of_the_same_file(void **state)
{
	struct tls_files merged;

	(void)state;
	put_new(&old, "A", "a.example", keys[0]);
	put_new(&new, "A", "other.example", keys[1]);
	begin(1);
	assert_memory_equal(renew.ones[0].key, keys[1], TLS_KEY_NAME);
	assert_int_equal(renew.ones[0].file_length, 1);
	assert_int_equal(renew.ones[0].file[0], 'A');
	assert_int_equal(
	    tls_renew_merge(&renew, (unsigned char[]){0}, &merged), 0);
	assert_true(is_same(&merged, &old));
	tls_files_free(&merged);
	assert_int_equal(
	    tls_renew_merge(&renew, (unsigned char[]){1}, &merged), 0);
	assert_true(is_same(&merged, &new));
	tls_files_free(&merged);
}

/* The file has a new name; a key of another kind, or other hosts, make it a
 * certificate that comes besides. */
static void
of_the_same_hosts(void **state)
{
	EVP_PKEY *pair = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

	(void)state;
	put_new(&old, "a", "a.example", keys[0]);
	put_new(&old, "b", "b.example", keys[1]);
	put_certificate(&new, "E", "b.example", pair, keys[2]);
	put_new(&new, "B", "b.example", keys[3]);
	put_new(&new, "C", "c.example", keys[4]);
	EVP_PKEY_free(pair);
	begin(1);
	assert_memory_equal(renew.ones[0].key, keys[3], TLS_KEY_NAME);
	expect_files((unsigned char[]){0}, "ElcEblcbClcC");
	expect_files((unsigned char[]){1}, "ElcEBlcBClcC");
}

static void
some_of_many(void **state)
{
	static const char *const files[] = {"A", "B", "C", "D"};
	static const char *const before[] = {"a", "b", "c", "d"};
	static const char *const hosts[] = {"a.x", "b.x", "c.x", "d.x"};

	(void)state;
	for (int i = 3; i >= 0; i--)
		put_new(&old, before[i], hosts[i], keys[i]);
	put_part(&old, TLS_FILE_CA, "ca", 2);
	for (int i = 0; i < 4; i++)
		put_new(&new, files[i], hosts[i], keys[4 + i]);
	put_part(&new, TLS_FILE_CA, "new", 3);
	put_part(&new, TLS_FILE_TRUST, "new", 3);
	begin(4);
	for (int i = 0; i < 4; i++)
		assert_memory_equal(
		    renew.ones[i].key, keys[4 + i], TLS_KEY_NAME);
	expect_files((unsigned char[]){0, 0, 0, 0}, "alcablcbclccdlcd..");
	expect_files((unsigned char[]){0, 1, 0, 1}, "alcaBlcBclccDlcD..");
	expect_files((unsigned char[]){1, 1, 1, 1}, "AlcABlcBClcCDlcD..");
}

/* What can't be shown in any case is nobody's forerunner. */
static void
what_is_broken(void **state)
{
	(void)state;
	put_part(&old, TLS_FILE_NAME, "A", 1);
	put_part(&old, TLS_FILE_LEAF, "junk", 4);
	put_new(&new, "A", "a.example", keys[0]);
	begin(0);
	tear_down(NULL);
	put_new(&old, "A", "a.example", keys[0]);
	put_part(&new, TLS_FILE_NAME, "A", 1);
	put_part(&new, TLS_FILE_LEAF, "junk", 4);
	begin(0);
	tear_down(NULL);
	begin(0);
}

#define TEST(fn) cmocka_unit_test_teardown(fn, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_is_the_same_waits_for_nothing),
	    TEST(of_the_same_file),
	    TEST(of_the_same_hosts),
	    TEST(some_of_many),
	    TEST(what_is_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

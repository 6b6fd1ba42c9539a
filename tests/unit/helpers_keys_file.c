/* The folder of private keys: what is taken, and what is passed over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../helpers/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static const char *
path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static int
set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/ringmail-keys-XXXXXX");
	return mkdtemp(folder) == NULL;
}

/* Whatever a test has laid there. */
static int
tear_down(void **state)
{
	static const char *const names[] = {"a.pem", "b.key", "c.pem", "d.txt",
	    ".hidden.pem", ".pem", "link.pem", "target", "pipe.pem"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(path_of(names[i]));
	return rmdir(folder);
}

static void
put_text(const char *name, const char *text, mode_t mode)
{
	FILE *file = fopen(path_of(name), "we");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(path_of(name), mode), 0);
}

/* Writes the key, which goes, and its name to *name where that is wanted. */
static void
put_key(const char *file, EVP_PKEY *key, const char *secret, mode_t mode,
    unsigned char *name)
{
	FILE *to = fopen(path_of(file), "we");
	unsigned char *der = NULL;
	int length = i2d_PUBKEY(key, &der);

	assert_non_null(to);
	assert_int_equal(
	    PEM_write_PrivateKey(to, key, secret ? EVP_aes_256_cbc() : NULL,
		NULL, 0, NULL, (void *)(uintptr_t)secret),
	    1);
	fclose(to);
	assert_int_equal(chmod(path_of(file), mode), 0);
	if (name != NULL)
		assert_int_equal(EVP_Q_digest(NULL, "SHA256", NULL, der,
				     (size_t)length, name, NULL),
		    1);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
}

/* What the folder holds, in a keyring that is the caller's. */
static void
read_all(struct keyring *r)
{
	assert_int_equal(keyring_open(r), 0);
	keyring_begin(r);
	assert_int_equal(keys_file_each(folder, keyring_take, r), 0);
	keyring_end(r, 0);
}

static void
expect_none(void)
{
	struct keyring r;

	read_all(&r);
	assert_int_equal(r.count, 0);
	keyring_close(&r);
}

static int
is_a(const struct keyring *r, const unsigned char *name, const char *type)
{
	const struct keyring_key *k = keyring_find(r, name);

	return k != NULL && EVP_PKEY_is_a(k->key.key, type);
}

static void
keys_are_found_by_name(void **state)
{
	unsigned char names[3][KEYS_NAME], nobody[KEYS_NAME] = {0};
	struct keyring r;

	(void)state;
	put_key("a.pem", EVP_EC_gen("P-384"), NULL, 0600, names[0]);
	put_key("b.key", EVP_RSA_gen(2048), NULL, 0400, names[1]);
	put_key("c.pem", EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL, 0600,
	    names[2]);
	put_text("d.txt", "not looked at", 0644);
	put_text(".hidden.pem", "not looked at", 0644);
	put_text(".pem", "not looked at", 0644);
	read_all(&r);
	assert_int_equal(r.count, 3);
	assert_true(is_a(&r, names[0], "EC"));
	assert_true(is_a(&r, names[1], "RSA"));
	assert_true(is_a(&r, names[2], "ED25519"));
	assert_null(keyring_find(&r, nobody));
	names[1][KEYS_NAME - 1] ^= 1;
	assert_null(keyring_find(&r, names[1]));
	for (size_t i = 1; i < r.count; i++)
		assert_true(memcmp(r.keys[i - 1].key.name, r.keys[i].key.name,
				KEYS_NAME) < 0);
	keyring_close(&r);
	assert_null(r.keys);
	keyring_close(&r);
}

static void
keys_that_others_may_read(void **state)
{
	static const mode_t modes[] = {0640, 0620, 0610, 0604, 0602, 0601};

	(void)state;
	put_key("a.pem", EVP_EC_gen("P-256"), NULL, 0600, NULL);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		assert_int_equal(chmod(path_of("a.pem"), modes[i]), 0);
		expect_none();
	}
	assert_int_equal(chmod(path_of("a.pem"), 0600), 0);
	if (geteuid() != 0)
		skip();
	assert_int_equal(chown(path_of("a.pem"), 1, 0), 0);
	expect_none();
}

static void
what_is_no_key_of_ours(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	char *big = malloc(1 << 20);

	(void)state;
	put_text("a.pem", "", 0600);
	put_text("b.key", "-----BEGIN PRIVATE KEY-----\nAAAA\n", 0600);
	put_key("c.pem", key, "a passphrase", 0600, NULL);
	expect_none();
	put_key("a.pem", EVP_EC_gen("P-224"), NULL, 0600, NULL);
	put_key("b.key", EVP_RSA_gen(1024), NULL, 0600, NULL);
	put_key(
	    "c.pem", EVP_PKEY_Q_keygen(NULL, NULL, "X25519"), NULL, 0600, NULL);
	expect_none();
	assert_non_null(big);
	memset(big, '\n', (1 << 20) - 1);
	big[(1 << 20) - 1] = '\0';
	put_text("a.pem", big, 0600);
	free(big);
	expect_none();
}

/* A link leads out of the folder; a pipe would wait for its other end. */
static void
what_is_no_file(void **state)
{
	(void)state;
	put_key("target", EVP_EC_gen("P-256"), NULL, 0600, NULL);
	assert_int_equal(symlink("target", path_of("link.pem")), 0);
	assert_int_equal(mkfifo(path_of("pipe.pem"), 0600), 0);
	expect_none();
}

static int
take_none(void *arg, const char *name, int fd)
{
	(void)arg;
	(void)name;
	(void)fd;
	fail();
	return 0;
}

static int
each(const char *path)
{
	return keys_file_each(path, take_none, NULL);
}

static void
folders(void **state)
{
	(void)state;
	/* Without a folder there are no keys. */
	assert_int_equal(each("/tmp/ringmail-no-such"), 0);
	/* Others could lay keys there. */
	assert_int_equal(chmod(folder, 0720), 0);
	assert_int_equal(each(folder), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(chmod(folder, 0702), 0);
	assert_int_equal(each(folder), -1);
	assert_int_equal(chmod(folder, 0700), 0);
	put_text("target", "", 0600);
	assert_int_equal(each(path_of("target")), -1);
	assert_int_equal(errno, ENOTDIR);
}

static int
stop(void *arg, const char *name, int fd)
{
	(void)name;
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	++*(int *)arg;
	errno = EPIPE;
	return -1;
}

static void
who_takes_them_may_stop(void **state)
{
	int count = 0;

	(void)state;
	put_text("a.pem", "", 0600);
	put_text("b.key", "", 0600);
	assert_int_equal(keys_file_each(folder, stop, &count), -1);
	assert_int_equal(errno, EPIPE);
	assert_int_equal(count, 1);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(keys_are_found_by_name),
	    TEST(keys_that_others_may_read),
	    TEST(what_is_no_key_of_ours),
	    TEST(what_is_no_file),
	    TEST(folders),
	    TEST(who_takes_them_may_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

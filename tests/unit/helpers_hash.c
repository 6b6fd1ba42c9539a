/* Tests of helpers/hash.c. */
#include "../../helpers/hash.h"
#include "base64.h"
#include "log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <crypt.h>

#include <cmocka.h>
#include <openssl/evp.h>

/* An exchange that an RFC prints. */
struct vector {
	const char *digest, *password, *salt, *all, *proof, *signature;
};

/* RFC 5802 5, RFC 7677 3. */
static const struct vector vectors[] = {
    {"SHA1", "pencil", "QSXCR+Q6sek8bf92",
	"n=user,r=fyko+d2lbbFgONRv9qkxdawL,"
	"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,"
	"i=4096,c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j",
	"v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", "rmF9pqV8S7suAoZWja4dJRkFsKQ="},
    {"SHA256", "pencil", "W22ZaJ0SNY7soEsUEjb6gQ==",
	"n=user,r=rOprNGfwEbeRWgbNEkqO,"
	"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
	"s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,"
	"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
	"dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
	"6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
};

static void
hmac(const char *digest, const unsigned char *key, size_t length,
    const char *text, unsigned char *to)
{
	size_t size;

	assert_non_null(EVP_Q_mac(NULL, "HMAC", NULL, digest, NULL, key, length,
	    (const unsigned char *)text, strlen(text), to, 32, &size));
}

static void
check_vector(const struct vector *v)
{
	unsigned char salt[32], proof[32], key[32], hash[32], wanted[32];
	struct record_scram s = {.iterations = 4096};
	size_t length;

	assert_int_equal(base64_decode(v->salt, strlen(v->salt), salt,
			     sizeof(salt), &length),
	    0);
	assert_int_equal(
	    hash_scram(v->digest, v->password, salt, length, &s), 0);
	hmac(v->digest, s.stored, s.length, v->all, key);
	assert_int_equal(base64_decode(v->proof, strlen(v->proof), proof,
			     sizeof(proof), &length),
	    0);
	assert_int_equal(length, s.length);
	for (size_t i = 0; i < length; i++)
		key[i] ^= proof[i];
	assert_int_equal(EVP_Digest(key, length, hash, NULL,
			     EVP_get_digestbyname(v->digest), NULL),
	    1);
	assert_memory_equal(hash, s.stored, length);
	hmac(v->digest, s.server, s.length, v->all, key);
	base64_decode(v->signature, strlen(v->signature), wanted,
	    sizeof(wanted), &length);
	assert_memory_equal(key, wanted, length);
}

static void
test_scram_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		check_vector(&vectors[i]);
}

static void
check_kind(int kind, const char *prefix)
{
	struct hash_want want = {kind, 1, 4096}, more = {kind, 2, 4096};
	struct hash_want other = {!kind, 1, 4096};
	struct hash_made made;

	assert_int_equal(hash_make(&want, "secret", &made), HASH_FITS);
	assert_memory_equal(made.hash, prefix, strlen(prefix));
	assert_int_equal(hash_verify("secret", made.hash), HASH_FITS);
	assert_int_equal(hash_verify("secre", made.hash), HASH_DIFFERS);
	assert_int_equal(hash_verify("", made.hash), HASH_DIFFERS);
	assert_int_equal(hash_is_weaker(made.hash, &want), 0);
	assert_int_equal(hash_is_weaker(made.hash, &more), 1);
	assert_int_equal(hash_is_weaker(made.hash, &other), 1);
	assert_int_equal(hash_make(&more, "secret", &made), HASH_FITS);
	assert_int_equal(hash_is_weaker(made.hash, &want), 0);
}

static void
test_kinds(void **state)
{
	struct hash_want want = {HASH_YESCRYPT, 1, 4096};

	(void)state;
	check_kind(HASH_YESCRYPT, "$y$");
	check_kind(HASH_ARGON2ID, "$argon2id$");
	assert_int_equal(hash_is_weaker("$6$abc$def", &want), 1);
	log_set_level(LEVEL_ERROR);
	assert_int_equal(hash_verify("x", "x"), HASH_FAILED);
	assert_int_equal(hash_verify("x", ""), HASH_FAILED);
	assert_int_equal(hash_verify("x", "$argon2id$nonsense"), HASH_FAILED);
}

/* RFC 4013: what a client could not prepare has no keys; the hash it has. */
static void
test_odd_passwords(void **state)
{
	struct hash_want want = {HASH_YESCRYPT, 1, 4096};
	struct hash_made made, again;

	(void)state;
	assert_int_equal(hash_make(&want, "\xff\xfe", &made), HASH_FITS);
	assert_int_equal(made.sha1.iterations, 0);
	assert_int_equal(made.sha256.iterations, 0);
	assert_int_equal(hash_verify("\xff\xfe", made.hash), HASH_FITS);
	/* U+2168 is the same as IX. */
	assert_int_equal(hash_make(&want, "\xe2\x85\xa8", &made), HASH_FITS);
	memcpy(&again.sha256, &made.sha256, sizeof(again.sha256));
	assert_int_equal(hash_scram("SHA256", "IX", made.sha256.salt,
			     sizeof(made.sha256.salt), &again.sha256),
	    0);
	assert_memory_equal(again.sha256.stored, made.sha256.stored, 32);
}

#define ARGON "$argon2id$v=19$m=65536,t=3,p=1$c2FsdHNhbHQ$"

/* Hashes that come from other servers (crypt(5) has made them). */
static void
test_hashes_of_others(void **state)
{
	static const char *const sound[] = {
	    "$5$saltsaltsalt$RqGMwb9kPA4Cvfdkv8nwqSwtPHZKvXsr9q2d25VTJH9",
	    "$2y$05$abcdefghijklmnopqrstuuS98TtUb6k2AQxz0SQRNXHw3/yF4nZqK",
	    ARGON "qqSCqQPLbO7RKU+qFwvGng"};
	static const char *const odd[] = {"", "x", "$6$", "$6$abc$def",
	    "$1$abcdefgh$G//4keteveJp0qb8z2DxG/", "$2y$05$abc",
	    "$6$saltsaltsalt$RqGMwb9kPA4Cvfdkv8nwqSwtPHZKvXsr9q2d25VTJH9",
	    "$5$saltsaltsalt$RqGMwb9kPA4Cvfdkv8nwqSwtPHZKvXsr9q2d25VTJH9x",
	    "$5$saltsaltsalt$RqGMwb9kPA4Cvfdkv8nwqSwtPHZKvXsr9q2d25VTJ:9",
	    "$2y$99$abcdefghijklmnopqrstuuS98TtUb6k2AQxz0SQRNXHw3/yF4nZqK",
	    "$argon2id$v=19$m=9999999,t=3,p=1$c2FsdHNhbHQ$qqSCqQPLbO7R",
	    "$argon2id$v=19$m=65536,t=3,p=1$c2FsdHNhbHQ", "$argon2id$"};
	/* They would take minutes, or more memory than there is. */
	static const char *const dear[] = {
	    "$5$rounds=99999999$salt$"
	    "RqGMwb9kPA4Cvfdkv8nwqSwtPHZKvXsr9q2d25VTJH9",
	    "$y$jHT$k2XAnEHBqQ1Ct2aMXFKNa/$"
	    "RqGMwb9kPA4Cvfdkv8nwqSwtPHZKvXsr9q2d25VTJH9"};
	char hash[RECORD_HASH_MAX];
	const char *settings[] = {"$5$saltsaltsalt$", "$6$rounds=9000$salt$",
	    "$y$j75$k2XAnEHBqQ1Ct2aMXFKNa/", "$2y$05$abcdefghijklmnopqrstuu",
	    "$2b$05$abcdefghijklmnopqrstuu"};

	(void)state;
	for (size_t i = 0; i < sizeof(sound) / sizeof(sound[0]); i++)
		assert_int_equal(hash_is_sound(sound[i]), 1);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		assert_int_equal(hash_is_sound(odd[i]), 0);
	for (size_t i = 0; i < sizeof(dear) / sizeof(dear[0]); i++)
		assert_int_equal(hash_is_sound(dear[i]), 0);
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		snprintf(hash, sizeof(hash), "%s", crypt("pw", settings[i]));
		assert_int_equal(hash_is_sound(hash), 1);
		assert_int_equal(hash_verify("pw", hash), HASH_FITS);
		assert_int_equal(hash_verify("other", hash), HASH_DIFFERS);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_scram_vectors),
	    cmocka_unit_test(test_kinds),
	    cmocka_unit_test(test_odd_passwords),
	    cmocka_unit_test(test_hashes_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What the keys helper signs, and with what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../helpers/keys_tls.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#define CONTEXT "TLS 1.3, server CertificateVerify"
#define HEAD	(64 + sizeof(CONTEXT))

/* RFC 8446 4.4.3, with a transcript's hash of length octets. */
static size_t
make_tls13(unsigned char *to, size_t length)
{
	memset(to, ' ', 64);
	memcpy(to + 64, CONTEXT, sizeof(CONTEXT));
	memset(to + HEAD, 0xaa, length);
	return HEAD + length;
}

/* RFC 5246 7.4.3, RFC 8422 5.4: randoms, named_curve, X25519, its point. */
static size_t
make_tls12(unsigned char *to, unsigned char point)
{
	memset(to, 0x5c, 64);
	to[64] = 3;
	to[65] = 0;
	to[66] = 29;
	to[67] = point;
	memset(to + 68, 0x42, point);
	return (size_t)68 + point;
}

/* Not an octet may be missing, be one too many, or be another. */
static void
only_what_a_server_signs(void **state)
{
	unsigned char data[KEYS_SIGNED_MAX + 1] = {0};
	size_t length;

	(void)state;
	assert_false(keys_tls_is_signable(data, 0));
	length = make_tls13(data, 32);
	assert_true(keys_tls_is_signable(data, length));
	for (size_t cut = 0; cut < length; cut++)
		assert_false(keys_tls_is_signable(data, cut));
	assert_false(keys_tls_is_signable(data, length + 1));
	for (size_t i = 0; i < HEAD; i++) {
		data[i] ^= 1;
		assert_false(keys_tls_is_signable(data, length));
		data[i] ^= 1;
	}
	assert_true(keys_tls_is_signable(data, make_tls13(data, 48)));
	assert_false(keys_tls_is_signable(data, make_tls13(data, 64)));
	/* A client's proof begins in the same way. */
	length = make_tls13(data, 32);
	memcpy(data + 64, "TLS 1.3, client", 15);
	assert_false(keys_tls_is_signable(data, length));
}

static void
only_curves_that_are_named(void **state)
{
	unsigned char data[KEYS_SIGNED_MAX] = {0};
	size_t length;

	(void)state;
	for (unsigned point = 0; point < 256; point++) {
		length = make_tls12(data, (unsigned char)point);
		assert_int_equal(keys_tls_is_signable(data, length),
		    point >= 32 && point <= 133);
		assert_false(keys_tls_is_signable(data, length - 1));
		assert_false(keys_tls_is_signable(data, length + 1));
	}
	for (unsigned kind = 0; kind < 256; kind++) {
		length = make_tls12(data, 32);
		data[64] = (unsigned char)kind;
		assert_int_equal(keys_tls_is_signable(data, length), kind == 3);
	}
}

struct known {
	const char *kind, *digest;
	int is_pss;
};

/*
 * RFC 8446 4.2.3: whether a scheme is one that a server may sign with.  The old
 * ones are a hash and a kind of RFC 5246 7.4.1.4.1, 8 in the first octet means
 * that the second says it all.
 */
static int
is_known(unsigned scheme, struct known *k)
{
	static const char *const digests[] = {"SHA256", "SHA384", "SHA512"};
	const unsigned first = scheme >> 8, second = scheme & 0xff;

	*k = (struct known){.kind = second == 1 ? "RSA" : "EC"};
	if (first >= 4 && first <= 6) {
		k->digest = digests[first - 4];
		return second == 1 || second == 3;
	}
	if (first != 8)
		return 0;
	k->is_pss = second >= 4 && second <= 6;
	k->kind = k->is_pss ? "RSA" : "ED25519";
	k->digest = k->is_pss ? digests[second - 4] : NULL;
	return k->is_pss || second == 7;
}

static int
is_valid(const struct known *k, EVP_PKEY *key, const unsigned char *signature,
    size_t size, const unsigned char *data, size_t length)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx;
	int result;

	assert_int_equal(
	    EVP_DigestVerifyInit_ex(md, &ctx, k->digest, NULL, NULL, key, NULL),
	    1);
	if (k->is_pss) {
		EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST);
	}
	result = EVP_DigestVerify(md, signature, size, data, length) == 1;
	EVP_MD_CTX_free(md);
	ERR_clear_error();
	return result;
}

/* Each key with each scheme, and with every other number near them. */
static void
each_key_and_scheme(void **state)
{
	unsigned char data[KEYS_SIGNED_MAX], signature[KEYS_SIGNATURE_MAX];
	size_t length = make_tls13(data, 32), n;
	struct known k;
	int fits, signed_with = 0;
	EVP_PKEY *keys[3] = {EVP_EC_gen("P-256"),
	    EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), EVP_RSA_gen(2048)};

	(void)state;
	for (int i = 0; i < 3; i++)
		for (unsigned scheme = 0; scheme < 0x0900; scheme++) {
			fits = is_known(scheme, &k) &&
			       EVP_PKEY_is_a(keys[i], k.kind);
			n = keys_tls_sign(
			    keys[i], scheme, data, length, signature);
			assert_int_equal(n > 0, fits);
			if (n == 0)
				continue;
			signed_with++;
			assert_true(n <= KEYS_SIGNATURE_MAX);
			assert_true(
			    is_valid(&k, keys[i], signature, n, data, length));
			data[length - 1] ^= 1;
			assert_false(
			    is_valid(&k, keys[i], signature, n, data, length));
			data[length - 1] ^= 1;
		}
	assert_int_equal(signed_with, 3 + 1 + 6);
	assert_int_equal(ERR_peek_error(), 0);
	for (int i = 0; i < 3; i++)
		EVP_PKEY_free(keys[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_what_a_server_signs),
	    cmocka_unit_test(only_curves_that_are_named),
	    cmocka_unit_test(each_key_and_scheme),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Whose certificate it is: handshakes in memory, with one of each kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tls_identity.h"

#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

static EVP_PKEY *key;

/* Octets with NULs inside, and their count. */
struct octets {
	const char *data;
	int length;
};
#define OCTETS(text) ((struct octets){(text), (int)sizeof(text) - 1})
#define NONE	     ((struct octets){NULL, 0})

static void
add_mail(X509 *x, struct octets mail)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	GENERAL_NAME *dns = GENERAL_NAME_new(), *name = GENERAL_NAME_new();
	ASN1_IA5STRING *host = ASN1_IA5STRING_new(),
		       *text = ASN1_IA5STRING_new();

	assert_int_equal(ASN1_STRING_set(host, "host.example", 12), 1);
	assert_int_equal(ASN1_STRING_set(text, mail.data, mail.length), 1);
	GENERAL_NAME_set0_value(dns, GEN_DNS, host);
	GENERAL_NAME_set0_value(name, GEN_EMAIL, text);
	sk_GENERAL_NAME_push(names, dns);
	sk_GENERAL_NAME_push(names, name);
	assert_int_equal(
	    X509_add1_ext_i2d(x, NID_subject_alt_name, names, 0, 0), 1);
	GENERAL_NAMES_free(names);
}

static X509 *
certify(struct octets mail, struct octets cn)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);

	X509_set_version(x, X509_VERSION_3);
	X509_gmtime_adj(X509_getm_notBefore(x), -86400);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	if (cn.data != NULL)
		assert_int_equal(
		    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
			(const unsigned char *)cn.data, cn.length, -1, 0),
		    1);
	if (mail.data != NULL)
		add_mail(x, mail);
	X509_set_pubkey(x, key);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	return x;
}

static int
accept_any(X509_STORE_CTX *store, void *arg)
{
	(void)store;
	(void)arg;
	return 1;
}

/* A side that shows x, which may be NULL; it asks the other one for its own. */
static SSL *
make_side(X509 *x)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	SSL *ssl;

	if (x != NULL) {
		assert_int_equal(SSL_CTX_use_certificate(ctx, x), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
	}
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, accept_any, NULL);
	ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	return ssl;
}

/* What the server takes a client for that shows x, where this came of the
 * verification. */
static char *
identity_of(X509 *x, long verdict)
{
	X509 *own = certify(NONE, OCTETS("server"));
	SSL *server = make_side(own), *client = make_side(x);
	BIO *ends[2];
	char *name;

	assert_int_equal(BIO_new_bio_pair(&ends[0], 0, &ends[1], 0), 1);
	SSL_set_bio(server, ends[0], ends[0]);
	SSL_set_bio(client, ends[1], ends[1]);
	SSL_set_accept_state(server);
	SSL_set_connect_state(client);
	for (int i = 0; i < 10 && !SSL_is_init_finished(server); i++) {
		SSL_do_handshake(client);
		SSL_do_handshake(server);
	}
	assert_true(SSL_is_init_finished(server));
	SSL_set_verify_result(server, verdict);
	name = tls_identity(server);
	SSL_free(server);
	SSL_free(client);
	X509_free(own);
	X509_free(x);
	return name;
}

static void
assert_identity(struct octets mail, struct octets cn, const char *expected)
{
	char *name = identity_of(certify(mail, cn), X509_V_OK);

	if (expected == NULL)
		assert_null(name);
	else if (name == NULL)
		fail_msg("it is nobody's, not %s", expected);
	else
		assert_string_equal(name, expected);
	free(name);
}

static void
a_mail_address_comes_first(void **state)
{
	(void)state;
	assert_identity(
	    OCTETS("ada@a.example"), OCTETS("Ada"), "ada@a.example");
	assert_identity(OCTETS("ada@a.example"), NONE, "ada@a.example");
	assert_identity(NONE, OCTETS("ada"), "ada");
	assert_identity(NONE, OCTETS("\xc3\xa9ve"), "\xc3\xa9ve");
	assert_identity(NONE, NONE, NULL);
}

/* What would be another name in a log, or where it is compared. */
static void
names_with_controls_are_none(void **state)
{
	(void)state;
	assert_identity(NONE, OCTETS("ada\0.evil"), NULL);
	assert_identity(NONE, OCTETS("ada\n"), NULL);
	assert_identity(NONE, OCTETS("ada\x7f"), NULL);
	assert_identity(OCTETS("ada@a.example\0@evil"), NONE, NULL);
	assert_identity(OCTETS("a\rda@a.example"), NONE, NULL);
	/* The CN is no second choice. */
	assert_identity(OCTETS("ada@a.example\0@evil"), OCTETS("ada"), NULL);
	assert_identity(OCTETS(""), OCTETS("ada"), NULL);
}

static void
nobody_without_a_verified_certificate(void **state)
{
	(void)state;
	assert_null(identity_of(NULL, X509_V_OK));
	assert_null(identity_of(certify(NONE, OCTETS("ada")),
	    X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_mail_address_comes_first),
	    cmocka_unit_test(names_with_controls_are_none),
	    cmocka_unit_test(nobody_without_a_verified_certificate),
	};
	int result;

	if ((key = EVP_EC_gen("P-256")) == NULL)
		return 1;
	result = cmocka_run_group_tests(tests, NULL, NULL);
	EVP_PKEY_free(key);
	return result;
}

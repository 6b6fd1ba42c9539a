/* Files of TLS as a parent sends them, with certificates made on the spot. */
#ifndef RENEW_FILES_H
#define RENEW_FILES_H

#include "tls_files.h"
#include "tls_sign.h"

#include <openssl/ec.h>
#include <openssl/x509.h>
#include <string.h>

static void
put_part(
    struct tls_files *f, enum tls_file kind, const void *data, size_t length)
{
	const uint32_t head[2] = {kind, (uint32_t)length};

	assert_int_equal(tls_files_append(f, head, sizeof(head)), 0);
	assert_int_equal(tls_files_append(f, data, length), 0);
}

static X509 *
certify(EVP_PKEY *key, const char *host)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);

	X509_set_version(x, X509_VERSION_3);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_NAME_add_entry_by_txt(
	    name, "CN", MBSTRING_ASC, (const unsigned char *)host, -1, -1, 0);
	X509_set_issuer_name(x, name);
	X509_set_pubkey(x, key);
	assert_true(
	    X509_sign(x, key,
		EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256()) > 0);
	return x;
}

/* A file with a certificate for a host, which has this key; its name to key. */
static void
put_certificate(struct tls_files *f, const char *file, const char *host,
    EVP_PKEY *pair, unsigned char *key)
{
	X509 *x = certify(pair, host);
	unsigned char *der = NULL, *spki = NULL;
	int length = i2d_X509(x, &der);

	put_part(f, TLS_FILE_NAME, file, strlen(file));
	put_part(f, TLS_FILE_LEAF, der, (size_t)length);
	put_part(f, TLS_FILE_CHAIN, der, (size_t)length);
	put_part(f, TLS_FILE_OCSP, file, strlen(file));
	length = i2d_PUBKEY(pair, &spki);
	assert_int_equal(
	    EVP_Q_digest(NULL, "SHA256", NULL, spki, (size_t)length, key, NULL),
	    1);
	OPENSSL_free(spki);
	OPENSSL_free(der);
	X509_free(x);
}

/* Likewise, with a new key. */
static void
put_new(
    struct tls_files *f, const char *file, const char *host, unsigned char *key)
{
	EVP_PKEY *pair = EVP_EC_gen("P-256");

	put_certificate(f, file, host, pair, key);
	EVP_PKEY_free(pair);
}

static int
is_same(const struct tls_files *a, const struct tls_files *b)
{
	return a->length == b->length &&
	       (a->length == 0 || memcmp(a->data, b->data, a->length) == 0);
}

#endif

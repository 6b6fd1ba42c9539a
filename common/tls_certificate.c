#include "tls_certificate.h"

#include "tls_provider.h"

#include <ctype.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static X509 *
read_der(const unsigned char *der, size_t length)
{
	X509 *x = X509_new_ex(tls_provider_library(), NULL);

	if (x != NULL && d2i_X509(&x, &der, (long)length) != NULL)
		return x;
	X509_free(x);
	ERR_clear_error();
	return NULL;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A name with a NUL in it is none. */
static int
add_name(struct tls_certificate *c, const ASN1_STRING *string)
{
	const char *text = (const char *)ASN1_STRING_get0_data(string);
	size_t length = (size_t)ASN1_STRING_length(string);
	char *name;

	if (length == 0 || memchr(text, '\0', length) != NULL)
		return 0;
	if ((name = strndup(text, length)) == NULL)
		return -1;
	for (char *p = name; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	c->names[c->names_count++] = name;
	return 0;
}

/* RFC 6125 6.4.4: the subject's CN counts only where there is no dNSName. */
static int
add_common_name(struct tls_certificate *c)
{
	const X509_NAME *subject = X509_get_subject_name(c->leaf);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

	if ((c->names = calloc(1, sizeof(*c->names))) == NULL)
		return -1;
	if (at == -1)
		return 0;
	return add_name(
	    c, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

static int
add_names(struct tls_certificate *c)
{
	GENERAL_NAMES *all =
	    X509_get_ext_d2i(c->leaf, NID_subject_alt_name, NULL, NULL);
	int count = sk_GENERAL_NAME_num(all), result = 0;

	if (count > 0)
		c->names = calloc((size_t)count, sizeof(*c->names));
	for (int i = 0; c->names != NULL && i < count && result == 0; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(all, i);

		if (name->type == GEN_DNS)
			result = add_name(c, name->d.dNSName);
	}
	if (count > 0 && c->names == NULL)
		result = -1;
	GENERAL_NAMES_free(all);
	if (result == 0 && c->names_count == 0) {
		free(c->names);
		result = add_common_name(c);
	}
	if (result == 0 && c->names != NULL && c->names_count > 1)
		qsort(c->names, c->names_count, sizeof(*c->names), compare);
	return result;
}

/* RFC 5929 4.1: the hash of the certificate's signature, SHA-256 in the place
 * of MD5 and SHA-1. */
static void
hash_end_point(struct tls_certificate *c)
{
	int digest = NID_undef;
	unsigned length = 0;
	const EVP_MD *md;

	if (X509_get_signature_info(c->leaf, &digest, NULL, NULL, NULL) != 1)
		digest = NID_undef;
	if (digest == NID_md5 || digest == NID_sha1)
		digest = NID_sha256;
	md = digest != NID_undef ? EVP_get_digestbynid(digest) : NULL;
	if (md != NULL && EVP_MD_get_size(md) <= TLS_END_POINT_MAX &&
	    X509_digest(c->leaf, md, c->end_point, &length) == 1)
		c->end_point_length = length;
	ERR_clear_error();
}

static int
name_key(struct tls_certificate *c)
{
	unsigned char *der = NULL;
	int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(c->leaf), &der);
	int result = -1;

	if (length > 0 && EVP_Q_digest(tls_provider_library(), "SHA256", NULL,
			      der, (size_t)length, c->key_name, NULL) == 1)
		result = 0;
	OPENSSL_free(der);
	return result;
}

int
tls_certificate_begin(struct tls_certificate *c, const char *file,
    size_t file_length, const unsigned char *der, size_t length, char *why,
    size_t size)
{
	const char *wrong = NULL;

	*c = (struct tls_certificate){.file = strndup(file, file_length)};
	c->leaf = read_der(der, length);
	c->chain = sk_X509_new_null();
	if (c->file == NULL || c->chain == NULL)
		wrong = "no memory";
	else if (c->leaf == NULL)
		wrong = "is no certificate";
	else if ((c->key = tls_provider_key(c->leaf)) == NULL)
		wrong = "has a key that is none of ECDSA, Ed25519, and RSA of "
			"2048 to 4096 bits";
	else if (add_names(c) == -1 || name_key(c) == -1)
		wrong = "has names or a key that no memory is left for";
	else
		hash_end_point(c);
	if (wrong == NULL)
		return 0;
	snprintf(why, size, "%.*s: %s", (int)file_length, file, wrong);
	return -1;
}

int
tls_certificate_chain(
    struct tls_certificate *c, const unsigned char *der, size_t length)
{
	X509 *x = read_der(der, length);

	if (x != NULL && sk_X509_push(c->chain, x) > 0)
		return 0;
	X509_free(x);
	return -1;
}

int
tls_certificate_ocsp(
    struct tls_certificate *c, const unsigned char *der, size_t length)
{
	if (c->ocsp != NULL || (c->ocsp = malloc(length + 1)) == NULL)
		return -1;
	memcpy(c->ocsp, der, length);
	c->ocsp_length = length;
	return 0;
}

static int
is_same_kind(const struct tls_certificate *a, const struct tls_certificate *b)
{
	return EVP_PKEY_get_base_id(X509_get0_pubkey(a->leaf)) ==
	       EVP_PKEY_get_base_id(X509_get0_pubkey(b->leaf));
}

static int
has_same_names(const struct tls_certificate *a, const struct tls_certificate *b)
{
	if (a->names_count != b->names_count)
		return 0;
	for (size_t i = 0; i < a->names_count; i++)
		if (strcmp(a->names[i], b->names[i]) != 0)
			return 0;
	return 1;
}

int
tls_certificate_is_twin(
    const struct tls_certificate *a, const struct tls_certificate *b)
{
	return !is_same_kind(a, b) && has_same_names(a, b);
}

int
tls_certificate_is_successor(
    const struct tls_certificate *a, const struct tls_certificate *b)
{
	return is_same_kind(a, b) && has_same_names(a, b);
}

void
tls_certificate_free(struct tls_certificate *c)
{
	for (size_t i = 0; i < c->names_count; i++)
		free(c->names[i]);
	free(c->names);
	sk_X509_pop_free(c->chain, X509_free);
	X509_free(c->leaf);
	EVP_PKEY_free(c->key);
	free(c->ocsp);
	free(c->file);
	*c = (struct tls_certificate){0};
}

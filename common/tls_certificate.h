/*
 * tls_certificate -- one certificate of a conf: its chain, key, names, and what
 * else goes with it.  For tls_conf.c and tls_renew.c.
 */
#ifndef TLS_CERTIFICATE_H
#define TLS_CERTIFICATE_H

#include "tls_conf.h"
#include "tls_sign.h"

#include <openssl/ssl.h>

struct tls_certificate {
	char *file;
	X509 *leaf;
	STACK_OF(X509) * chain;
	EVP_PKEY *key;
	unsigned char key_name[TLS_KEY_NAME];
	unsigned char *ocsp; /* DER; NULL: none */
	size_t ocsp_length;
	unsigned char end_point[TLS_END_POINT_MAX];
	size_t end_point_length; /* 0: its signature names no hash */
	char **names;		 /* hosts, in lower case, sorted */
	size_t names_count;
};

/* Takes the leaf (DER) of a file.  0, or -1 with a reason in why[size]; free it
 * in both cases. */
int tls_certificate_begin(struct tls_certificate *c, const char *file,
    size_t file_length, const unsigned char *der, size_t length, char *why,
    size_t size);

/* Adds the next certificate of the chain, or the response of OCSP.  0 or -1. */
int tls_certificate_chain(
    struct tls_certificate *c, const unsigned char *der, size_t length);
int tls_certificate_ocsp(
    struct tls_certificate *c, const unsigned char *der, size_t length);

/* Whether both are for the same hosts, and differ in the kind of their keys. */
int tls_certificate_is_twin(
    const struct tls_certificate *a, const struct tls_certificate *b);

/* Whether both are for the same hosts, with the same kind of keys. */
int tls_certificate_is_successor(
    const struct tls_certificate *a, const struct tls_certificate *b);

void tls_certificate_free(struct tls_certificate *c);

#endif

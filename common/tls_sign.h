/*
 * tls_sign -- the signatures of tls_provider's keys: who makes them, and in
 * whose handshake.
 */
#ifndef TLS_SIGN_H
#define TLS_SIGN_H

#include <openssl/core_dispatch.h>
#include <openssl/evp.h>
#include <stddef.h>
#include <stdint.h>

/* A key's name: the SHA-256 of its SubjectPublicKeyInfo. */
#define TLS_KEY_NAME 32
/* What is signed: RFC 8446 4.4.3 has 146 octets, RFC 5246 7.4.3 with a curve's
 * point below 220. */
#define TLS_SIGNED_MAX 512
/* A signature: that of RSA with 4096 bits. */
#define TLS_SIGNATURE_MAX 512

/*
 * Signs length octets of data with the key of this name, by a SignatureScheme
 * of RFC 8446 4.2.3, into signature[TLS_SIGNATURE_MAX].  May wait.  Returns the
 * length, or 0 with errno.
 */
struct tls_signer {
	size_t (*sign)(const unsigned char name[TLS_KEY_NAME], unsigned scheme,
	    const void *data, size_t length, unsigned char *signature,
	    int64_t deadline);
};

/* Who signs for this thread from now on; NULL: nobody. */
void tls_sign_with(const struct tls_signer *signer);

/* What to call where a signature fails with ENOKEY: whoever signs has no such
 * key.  On any thread; it may not wait.  Before there are threads; NULL: none.
 */
void tls_sign_watch(void (*no_key)(void));

/*
 * The handshake that the running fiber is about to go on with: set just before
 * the call of OpenSSL, and taken when it signs.
 */
struct tls_signing {
	int64_t deadline;
	int error; /* errno of a signature that failed, 0 for none */
};
void tls_sign_begin(struct tls_signing *signing);

/* The rest is for tls_provider.c alone.  The name is unlike every algorithm of
 * OpenSSL's own, so that it is found at once. */
#define TLS_SIGN_NAME "RINGMAIL-SIGN"

struct tls_sign_key {
	const char *type; /* "EC", "RSA", "ED25519" */
	EVP_PKEY *public; /* of OpenSSL's own provider */
	unsigned char name[TLS_KEY_NAME];
};

extern const OSSL_DISPATCH tls_sign_functions[];

#endif

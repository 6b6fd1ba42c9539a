/*
 * tls_provider -- private keys that are elsewhere: an OpenSSL provider whose
 * keys have a public part alone, and whose signatures somebody else makes.
 *
 * Where OpenSSL wants a signature in the middle of a handshake, it calls the
 * signer of tls_sign.h (the keys helper), which parks the fiber.  There is
 * nothing that decrypts, so that no key exchange of RSA's can be agreed on.
 */
#ifndef TLS_PROVIDER_H
#define TLS_PROVIDER_H

#include <openssl/evp.h>
#include <openssl/x509.h>

/* The library context that all of ours is made in: OpenSSL's own algorithms,
 * these keys, and no openssl.cnf.  NULL without memory.  Any thread. */
OSSL_LIB_CTX *tls_provider_library(void);

/*
 * The key of a certificate, to sign with; the caller's.  NULL where it is none
 * of ECDSA, RSA (2048 to 4096 bits) or Ed25519, or without memory.
 */
EVP_PKEY *tls_provider_key(X509 *certificate);

#endif

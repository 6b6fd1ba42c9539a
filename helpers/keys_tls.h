/*
 * keys_tls -- what the keys helper signs: the part of a server in a TLS
 * handshake, and nothing else.  Pure.
 */
#ifndef KEYS_TLS_H
#define KEYS_TLS_H

#include <openssl/evp.h>
#include <stddef.h>

/* Octets that are signed, and of a signature, at most. */
#define KEYS_SIGNED_MAX	   512
#define KEYS_SIGNATURE_MAX 512

/*
 * Whether it is what a TLS server signs: RFC 8446 4.4.3 (its CertificateVerify)
 * or RFC 5246 7.4.3 with RFC 8422 5.4 (its ServerKeyExchange for ECDHE).  So
 * nobody gets a certificate request, a client's proof or a letter signed.
 */
int keys_tls_is_signable(const unsigned char *data, size_t length);

/*
 * Signs by a SignatureScheme (RFC 8446 4.2.3) into
 * signature[KEYS_SIGNATURE_MAX].  Returns the length, or 0 where the scheme is
 * not one of this key, or OpenSSL fails.
 */
size_t keys_tls_sign(EVP_PKEY *key, unsigned scheme, const unsigned char *data,
    size_t length, unsigned char *signature);

#endif

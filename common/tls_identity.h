/* tls_identity -- whose certificate a client has shown. */
#ifndef TLS_IDENTITY_H
#define TLS_IDENTITY_H

#include <openssl/ssl.h>

/*
 * The identity of the client's certificate, if it was verified: its first
 * rfc822Name, else its CN.  NULL: none, or one with control characters.  The
 * caller frees it.
 */
char *tls_identity(const SSL *ssl);

#endif

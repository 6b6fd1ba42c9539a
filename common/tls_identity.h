/* tls_identity -- whose certificate a client has shown. */
#ifndef TLS_IDENTITY_H
#define TLS_IDENTITY_H

#include <openssl/ssl.h>

/*
 * The identity of the client's certificate, if it was verified: its first
 * rfc822Name, or its CN where it has no such name.  NULL: none, or one that is
 * empty or has control characters.  The caller frees it.
 */
char *tls_identity(const SSL *ssl);

#endif

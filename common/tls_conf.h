/*
 * tls_conf -- what one reading of the conf says of TLS, ready for handshakes:
 * certificates by name, and the rules.  Immutable, and shared by all workers.
 *
 * Certificates with the same names and keys of different kinds (ECDSA beside
 * RSA) form a group: the client's algorithms choose among them.  The host that
 * a client asks for (SNI) chooses the group; the first one of the conf serves
 * all others.  Their private keys are elsewhere (tls_provider.h).
 */
#ifndef TLS_CONF_H
#define TLS_CONF_H

#include "tls_files.h"
#include "tls_settings.h"

#include <openssl/ssl.h>

/* A hash of a certificate (RFC 5929 4.1), at most SHA-512. */
#define TLS_END_POINT_MAX 64

struct tls_conf;

/*
 * Makes it of what the conf says and its files hold; neither is kept.  NULL
 * with a reason in why[size].  Does not wait.
 */
struct tls_conf *tls_conf_new(const struct tls_settings *settings,
    const struct tls_files *files, char *why, size_t size);

/* Frees it once no connection has it any more; sets *conf to NULL. */
void tls_conf_free(struct tls_conf **conf);

/* A new connection's, of the first group.  NULL without memory. */
SSL *tls_conf_connection(struct tls_conf *conf);

/* Data for tls-server-end-point: the hash of the certificate that the client
 * of this connection got, now or in the session that it took up.  Its length in
 * to[TLS_END_POINT_MAX], 0 for none. */
size_t tls_conf_end_point(SSL *ssl, unsigned char *to);

#endif

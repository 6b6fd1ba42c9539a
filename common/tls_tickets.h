/*
 * tls_tickets -- the keys of session tickets (RFC 5077, RFC 8446 4.6.1): made
 * at random, shared by all workers of the process, changed as time goes by, and
 * wiped.  A restart forgets them, and with them all sessions.
 */
#ifndef TLS_TICKETS_H
#define TLS_TICKETS_H

#include <openssl/ssl.h>
#include <stdint.h>

/*
 * Has the context make tickets and take them up.  A key makes tickets for
 * `period` ns and opens them for as long again; so long a session lasts.  The
 * keys outlive the context: a reload ends no session.
 */
void tls_tickets_use(SSL_CTX *ctx, int64_t period);

/* The name of the key that makes tickets now, 16 octets.  Exported for tests.
 * 0, or -1 without randomness. */
int tls_tickets_name(int64_t now, int64_t period, unsigned char *name);

#endif

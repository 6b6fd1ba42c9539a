/*
 * tls_client -- TLS with other servers, whose certificates must be good: signed
 * by an authority of the conf's file, in date, and for the very host that was
 * meant.  There is no way to do without that.
 */
#ifndef TLS_CLIENT_H
#define TLS_CLIENT_H

#include "tls.h"
#include "tls_files.h"

#include <stddef.h>
#include <stdint.h>

/* Of one reading of the conf: whom it trusts.  Immutable, shared by workers. */
struct tls_client;

/*
 * Makes it of the parts TLS_FILE_TRUST of files; they are not kept.  NULL with
 * a reason in why[size].  Does not wait.
 */
struct tls_client *
tls_client_new(const struct tls_files *files, char *why, size_t size);

/* Frees it once no connection has it any more; sets *c to NULL. */
void tls_client_free(struct tls_client **c);

/*
 * A client's handshake (TLS 1.2 or 1.3) over a connected, watched socket, with
 * host: a name, which is told (SNI), or an address.  w is borrowed for as long
 * as the result lives, c until then.  Waits, until deadline at most.  NULL with
 * a reason in why[size], and errno as tls_accept, or EACCES where the
 * certificate is not good.
 */
struct tls *tls_client_connect(struct tls_client *c, struct watch *w,
    const char *host, int64_t deadline, char *why, size_t size);

#endif

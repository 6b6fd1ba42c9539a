/*
 * keys -- the stub of the keys helper: signatures of TLS handshakes with
 * private keys that this process never sees.
 */
#ifndef KEYS_H
#define KEYS_H

#include "tls_sign.h"

#include <stdint.h>

/*
 * Opens the calling worker's device and has its handshakes signed over it.
 * 0, or -1 with errno.
 */
int keys_open(void);

/* Ends it.  Idempotent; waits, a moment. */
void keys_close(void);

/*
 * Whether a handshake can be signed now: no, where the last signature failed
 * and the helper, which is then asked, is away.  Waits until deadline at most,
 * and only then.
 */
int keys_are_ready(int64_t deadline);

/*
 * Which of count keys (by name, one after the other; WIRE_KEYS_ASKED at most)
 * the helper has: has[i] becomes 0 or 1.  Waits, until deadline at most.  0, or
 * -1 with errno: ECONNRESET where it hung up, or died; ETIMEDOUT, ECANCELED,
 * EBADMSG, ENOMEM.
 */
int keys_have(const unsigned char *names, size_t count, unsigned char *has,
    int64_t deadline);

#endif

/*
 * dial -- the stub for connections to other servers: the resolver helper makes
 * them, to those alone that its conf names, and passes the socket on.  This
 * process needs no right to connect to anybody.
 */
#ifndef DIAL_H
#define DIAL_H

#include "listen.h"

#include <stddef.h>
#include <stdint.h>

struct device;

enum dial_result {
	DIAL_OK,
	DIAL_FORBIDDEN, /* the conf of the helpers does not name it */
	DIAL_NO_HOST,	/* its name leads to no address */
	DIAL_FAILED,	/* nobody there, or not in time */
	DIAL_TEMPORARY, /* the helper is away or busy */
	DIAL_RESULTS
};

/* "connected" and so on, for logs. */
const char *dial_text(enum dial_result result);

/* How long one attempt may take, ms. */
#define DIAL_PATIENCE_MS UINT64_C(120000)

/*
 * Connects to host (a name, or an address) and port over d, the device of the
 * resolver.  DIAL_OK: *fd (the caller's) is connected, non-blocking and
 * close-on-exec, and *address says to whom.  Else *error is an errno, or 0.
 * Waits, until deadline at most.
 */
enum dial_result dial_connect(struct device *d, const char *host, unsigned port,
    int64_t deadline, int *fd, char address[LISTEN_TEXT_MAX], int *error);

#endif

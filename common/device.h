/*
 * device -- the way to a helper: a fiber that owns the socket, numbers
 * requests, sends them, matches the replies, and comes back after the helper
 * did.  One a worker and helper; sessions reach it through its port.
 *
 * A device outlives every helper: while there is none, it connects again with
 * growing pauses (10 ms to 1 s) and requests wait for it within their
 * deadlines.  A request that was under way when the helper died is sent again
 * if it says DEVICE_REPEAT, else it fails with ECONNRESET.
 */
#ifndef DEVICE_H
#define DEVICE_H

#include "packet.h"

struct device;

enum device_flags {
	DEVICE_REPEAT = 1 /* idempotent: may be sent a second time */
};

/*
 * Opens a device of the calling worker that speaks to the socket at path
 * (below the process's root directory; name is for logs; both copied).  At
 * most limit requests are under way or waiting.  NULL with errno.
 */
struct device *device_open(const char *name, const char *path, unsigned limit);

/* Ends it: requests under way fail with ECONNRESET.  Sets *d to NULL. */
void device_close(struct device **d);

/*
 * Sends request and waits for the reply, which fills reply (initialized; the
 * caller frees both).  A descriptor in request is sent as a duplicate and
 * stays there.  repeats, if not NULL, gets how often it was sent again.
 * Returns 0 with reply (whose status may be any, and whose type is right); -1
 * with errno ETIMEDOUT, ECANCELED, EAGAIN (limit reached), ECONNRESET, or
 * EMSGSIZE/EBADMSG (request->error).  A reply that comes too late is dropped.
 */
int device_call(struct device *d, struct packet *request, struct packet *reply,
    int flags, int64_t deadline);

/* How many requests are under way or waiting. */
unsigned device_pending(const struct device *d);

#endif

/*
 * device -- the way to a helper: a fiber that owns the socket, numbers
 * requests, sends them, matches the replies, and comes back after the helper
 * did.  One a worker and helper; sessions reach it through its port.
 *
 * A device outlives every helper: while there is none, it connects again with
 * growing pauses (10 ms to 1 s) and requests wait for it within their
 * deadlines.  A request that was under way when the helper died is sent again
 * if it says DEVICE_REPEAT (DEVICE_REPEATS times at most, so that one which
 * kills helpers does not go on for ever), else it fails with ECONNRESET.
 *
 * When its worker stops, a device ends with the last request under way: callers
 * that are shielded from the cancellation still get their replies.
 */
#ifndef DEVICE_H
#define DEVICE_H

#include "packet.h"

struct device;

#define DEVICE_REPEATS 10

enum device_flags {
	DEVICE_REPEAT = 1, /* idempotent: may be sent a second time */
	DEVICE_BRIEF = 2   /* of a helper that may be no more: ECONNRESET once
			    * nobody has listened for a second or two */
};

/*
 * Opens a device of the calling worker that speaks to the socket at path
 * (below the process's root directory; name is for logs; both copied).  At
 * most limit requests are under way or waiting.  NULL with errno.
 */
struct device *device_open(const char *name, const char *path, unsigned limit);

/*
 * As device_open, over a socket that is connected already (then the device's,
 * also on failure) and never again: when its other end is gone, all requests
 * fail with EPIPE.  A malformed reply is dropped.  Ids begin anywhere, so that
 * an answer meant for an earlier process at this end is not taken for ours.
 */
struct device *device_attach(const char *name, int socket, unsigned limit);

/*
 * Ends it: requests under way or waiting fail with EPIPE, and the device must
 * not be used again.  Sets *d to NULL.  Same worker only; waits, a moment,
 * also where the caller is cancelled.
 */
void device_close(struct device **d);

/*
 * Sends request and waits for the reply, which fills reply (initialized; the
 * caller frees both).  A descriptor in request is sent as a duplicate and
 * stays there.  Same worker only.
 * Returns 0 with reply (whose status may be any, and whose type is right); -1
 * with errno ETIMEDOUT, ECANCELED (also where the worker stops and no other
 * request is under way), EAGAIN (limit reached), ECONNRESET (may or may not
 * have been carried out), EPIPE (the device is closed), request->error, or
 * errno of sendmsg(2).  A reply that comes too late is dropped.
 */
int device_call(struct device *d, struct packet *request, struct packet *reply,
    int flags, int64_t deadline);

/*
 * Sends a request that has no answer, and carries no descriptor, if that can be
 * done at once: 0, or -1 where it is not sent.  Same worker only; never waits.
 */
int device_tell(struct device *d, const struct packet *request);

/* How many requests are under way or waiting. */
unsigned device_pending(const struct device *d);

/* Whether it is connected to a helper now. */
int device_connected(const struct device *d);

/*
 * Breaks the connection off, as after a reply that a stub could not read; the
 * device logs it and connects anew.
 */
void device_malformed(struct device *d, uint16_t type);

#endif

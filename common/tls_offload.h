/*
 * tls_offload -- handshakes on workers of their own, so that no session that is
 * plain, or past its handshake, waits for what OpenSSL computes for another.
 *
 *	session's fiber --port--> a fiber of its worker's partner --> it goes on
 *
 * A step of a handshake takes a third of a millisecond and more, in which its
 * worker runs nothing else; a session's command takes a tenth of that.  On a
 * thread of their own the kernel shares the time out, and a worker that sleeps
 * most of the time is woken before one that computes all the time.
 *
 * A process with count workers that serve has as many that shake hands: worker
 * count + i is worker i's partner.  Where there is none (a process that has not
 * called tls_offload_begin), handshakes run on the worker that asks.
 */
#ifndef TLS_OFFLOAD_H
#define TLS_OFFLOAD_H

#include "port.h"

#include <stdint.h>

/*
 * Before worker_run: workers 0 to count - 1 serve.  0, or -1 with errno ENOMEM.
 * tls_offload_free after it gives back what this takes.
 */
int tls_offload_begin(unsigned count);
void tls_offload_free(void);

/* Whether the calling worker is one that shakes hands. */
int tls_offload_is_partner(void);

/*
 * What such a worker does, from its first fiber: returns when the worker that
 * it belongs to has called tls_offload_end.
 */
void tls_offload_serve(void);

/* A worker that serves has ended its last session, or never had one. */
void tls_offload_end(void);

/* Whether the calling worker has a partner. */
int tls_offload_is_there(void);

/*
 * Whether so many calls wait to be begun that no more clients should be let in
 * that come with a handshake: they wait better in the kernel's queue, where
 * they take nobody's place.  Clients that are slow don't count.  Any worker.
 */
int tls_offload_is_busy(void);

/*
 * Runs main(arg) in a fiber of the partner, and waits until it has returned.
 * main must not wait beyond the deadline.  0, or -1 with errno where it did not
 * run: ETIMEDOUT, ECANCELED, ENOMEM.  A caller that is cancelled while main
 * runs waits for it all the same: worker_stop cancels both, and who cancels one
 * caller alone has to end main's wait himself (service_crowd.c).
 */
int tls_offload_call(void (*main)(void *), void *arg, int64_t deadline);

#endif

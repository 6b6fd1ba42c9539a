/*
 * service_acceptor -- the calling worker's acceptors: for each of its
 * listeners a fiber, which hands on who connects.
 */
#ifndef SERVICE_ACCEPTOR_H
#define SERVICE_ACCEPTOR_H

#include "listen.h"

struct service_settings;

/*
 * Once, before the workers: admit is given each connection, which is its own
 * from then on, and the number of the listener that it came by
 * (service_listen.h), on the listener's worker; it may not wait.  peer is
 * borrowed for the call.
 */
void service_acceptor_begin(
    void (*admit)(unsigned listener, int fd, const union listen_address *peer));

/*
 * Ends the acceptors of addresses that settings, borrowed for the call, has
 * not; who had connected there by then is admitted.  Waits for their fibers'
 * ends, and can't be cancelled.
 */
void service_acceptor_keep(const struct service_settings *settings);

/*
 * Listener i of settings (borrowed for the call) is accepted from: by the
 * acceptor that its address has already, and by a new one otherwise.  fd: its
 * socket, taken over, and closed where it is not needed; -1: none.  Does not
 * wait.  Where memory is out, nobody accepts there, after a log line.
 */
void service_acceptor_take(
    const struct service_settings *settings, unsigned i, int fd);

/* Ends all of them, waiting for that.  What waits at listeners is left to
 * others that have them. */
void service_acceptor_end(void);

#endif

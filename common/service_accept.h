/*
 * service_accept -- how a worker of the client process comes to its sessions:
 * admission, and the conf that new ones begin with.
 *
 * Each worker has a post: a port to which others send it errands, that is a
 * new conf, or (accept = "balance") a connection that worker 0 has accepted.
 */
#ifndef SERVICE_ACCEPT_H
#define SERVICE_ACCEPT_H

#include "port.h"

#include <stddef.h>
#include <stdint.h>

struct service;
struct service_conf;

/* What a worker is told to do, on its own time. */
struct service_errand {
	struct message message;
	void (*run)(struct service_errand *e); /* frees it */
};

/* Once, before worker_run. */
void service_accept_begin(
    const struct service *s, unsigned workers, int is_balanced);

/*
 * Tells a worker to go over to a conf: fds[each], fds[each * 2]... of the
 * addresses in it are the worker's listeners (-1: it has one already, or needs
 * none), and become its own.  conf is held for it.  Waits where its port is
 * full.  0, or -1 with errno.
 */
int service_accept_tell(unsigned worker, struct service_conf *conf,
    const int *fds, size_t count, unsigned each);

/* Sends a worker something to do, waiting where its port is full.  0, or -1
 * with errno, where it has ended. */
int service_accept_send(unsigned worker, struct service_errand *e);

/* Sessions of all workers, also those that were turned away and have not
 * ended. */
unsigned service_accept_count(void);

/* The calling worker: ends its acceptors, and takes no other conf.  What waits
 * at listeners is left to others that have them. */
void service_accept_close(void);

/* Sends a worker on an errand, which answers with port_reply, and waits for
 * that.  0, or -1 with errno: it was not run (port_call). */
int service_accept_call(
    unsigned worker, struct service_errand *e, int64_t deadline);

/* The calling worker: does errands until it is cancelled. */
void service_accept_serve(void);

/* The calling worker, cancelled: ends its acceptors, turns away what was sent
 * to it, and waits for the end of its last session. */
void service_accept_end(void);

#endif

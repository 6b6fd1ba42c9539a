/*
 * service_listeners -- the listening sockets of a service, as its parent holds
 * them: some for each address of the conf, which a reload replaces by others.
 */
#ifndef SERVICE_LISTENERS_H
#define SERVICE_LISTENERS_H

#include "listen_path.h"
#include "service_listen.h"

struct service_listener {
	char *address; /* as the conf has it */
	int *fds;      /* each of them */
	int is_new;    /* the running client process hasn't got them */
	int is_shared; /* the set before this one has them too */
	int is_passed; /* by the service manager (listen_given.h) */
	struct listen_file file; /* that it has made; none where there is no
				    path, or it was given to us */
};

struct service_listeners {
	struct service_listener *items; /* in the order of the conf */
	size_t count;
	unsigned each; /* sockets for an address: 1, or one for each worker */
	struct listen_access access; /* of UNIX sockets */
};

/*
 * The listeners of a conf, no address of which stands twice: those that
 * before has, which stays as it is; those that were given to the process
 * (listen_given.h); and new ones.  UNIX sockets get the access that the conf
 * has for them.  0, or -1 with a reason in why[size].
 */
int service_listeners_open(struct service_listeners *l,
    const struct service_settings *conf, unsigned each,
    const struct service_listeners *before, char *why, size_t size);

/* The client process has them all: none is new any more. */
void service_listeners_known(struct service_listeners *l);

/* Closes all but those that are shared, removes the files that they made, and
 * frees the set. */
void service_listeners_close(struct service_listeners *l);

/* Closes what *next does not share with *now, which becomes *next, and gives
 * the UNIX sockets that stay their access.  Returns how many addresses have
 * gone. */
size_t service_listeners_replace(
    struct service_listeners *now, struct service_listeners *next);

#endif

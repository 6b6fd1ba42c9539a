/*
 * replies -- the answers to one peer of a server (server.c alone) that have not
 * left yet, oldest first.
 */
#ifndef REPLIES_H
#define REPLIES_H

#include "packet.h"

struct waiting_reply;

struct replies {
	struct waiting_reply *head, **tail;
	unsigned count;
};

void replies_init(struct replies *r);

/*
 * Puts a copy of reply, with a descriptor of its own, at the end.  0, or -1
 * with errno ENOMEM or of fcntl(2).
 */
int replies_put(struct replies *r, const struct packet *reply);

/*
 * Sends as many as the socket takes; flags are packet_send_some's.  0: none is
 * left; -1 with errno: EAGAIN where the socket is full, else the connection is
 * lost.
 */
int replies_send(struct replies *r, int socket, int flags);

/* Frees all. */
void replies_free(struct replies *r);

#endif

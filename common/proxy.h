/*
 * proxy -- the head by which a load balancer tells whom it speaks for: the
 * PROXY protocol, versions 1 (a line) and 2 (binary).  It stands before all
 * else on a connection, before TLS too.
 *
 * Only a peer that is trusted may be asked for one, and such a peer must be:
 * whether there is a head is never guessed from what came (network.h tells who
 * is trusted).
 */
#ifndef PROXY_H
#define PROXY_H

#include "listen.h"

#include <stddef.h>
#include <stdint.h>

struct conn;

/* Octets of a head that is taken; what the values behind the addresses need
 * beyond that is none. */
#define PROXY_MAX 2048

enum proxy_result {
	PROXY_OK,
	PROXY_MORE, /* what came so far may be the beginning of one */
	PROXY_BAD   /* it is none, or one too long */
};

struct proxy {
	/* Whether it names addresses: not where the balancer speaks for itself
	 * (to see whether we are well), or knows no IP addresses. */
	int has_addresses;
	union listen_address from, to; /* the client's, and what it spoke to */
	int is_tls; /* the client's connection to the balancer is encrypted */
	size_t length; /* of the head */
};

/*
 * Reads a head at the start of length octets.  PROXY_OK with *p filled; else *p
 * is all zeroes.  Pure.
 */
enum proxy_result proxy_parse(const void *data, size_t length, struct proxy *p);

/*
 * Takes the head off a connection, and not one octet more.  Waits.  0, or -1:
 * none came before the deadline (conn_error is set), or what came is none
 * (conn_error is 0): the connection must be closed without a word.
 */
int proxy_receive(struct conn *c, struct proxy *p, int64_t deadline);

#endif

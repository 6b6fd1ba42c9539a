/*
 * xclient -- what a proxy that is trusted says of its client: the arguments of
 * XCLIENT, NAME=VALUE with blanks between them.
 */
#ifndef XCLIENT_H
#define XCLIENT_H

#include "listen.h"

struct xclient {
	int has_address;
	union listen_address address; /* the client's; port 0: not told */
	int hops;	  /* proxies that it may still pass; -1: not told */
	char session[64]; /* the proxy's name for it, for logs; "" for none */
};

/*
 * Reads text.  Names in any case; those that are not known say nothing.  0, or
 * -1 where it is none.  Pure.
 */
int xclient_parse(const char *text, struct xclient *x);

#endif

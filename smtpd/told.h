/*
 * told -- what a proxy that is trusted tells of its client: the attributes
 * of Postfix's XCLIENT, NAME=VALUE in xtext, with blanks between them.  Pure.
 */
#ifndef TOLD_H
#define TOLD_H

#include "listen.h"

/* As EHLO announces it. */
#define TOLD_NAMES "NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT"

/* Octets of a value, decoded, with a NUL. */
#define TOLD_VALUE_MAX 256

struct told {
	int has_address;
	union listen_address address; /* the client's */
	/* "": not told, or not known to the proxy. */
	char name[TOLD_VALUE_MAX];  /* in DNS: a domain name */
	char helo[TOLD_VALUE_MAX];  /* what it said in EHLO: likewise */
	char login[TOLD_VALUE_MAX]; /* who has logged in */
};

/*
 * Reads text.  0, or -1 where it is malformed, or has an attribute that is not
 * announced.
 */
int told_parse(const char *text, struct told *x);

#endif

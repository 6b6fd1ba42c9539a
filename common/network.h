/*
 * network -- who is trusted by address: networks as the conf writes them, an
 * address alone ("192.0.2.1", "2001:db8::1") or with the length of its prefix
 * ("10.0.0.0/8", "2001:db8::/32").
 */
#ifndef NETWORK_H
#define NETWORK_H

#include "conf.h"
#include "listen.h"

#include <stddef.h>

struct network {
	int family;		/* AF_INET, AF_INET6 */
	unsigned bits;		/* of the prefix */
	unsigned char host[16]; /* as on the wire; 4 of them for AF_INET */
};

/*
 * Reads one.  What stands behind the prefix must be zeroes, so that a slip is
 * found.  0, or -1 with a reason in why[size].
 */
int network_parse(
    const char *text, struct network *network, char *why, size_t size);

/* The same as a check of a conf_setting (conf.h). */
int network_check(const char *text, char *why, size_t size);

/* Whether the address lies in it; an IPv4 address that came in through IPv6
 * counts as IPv4. */
int
network_has(const struct network *network, const union listen_address *address);

/* Whether the address lies in one of a list that network_check has passed. */
int network_list_has(
    const struct conf_list *list, const union listen_address *address);

#endif

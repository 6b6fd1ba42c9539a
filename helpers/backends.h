/*
 * backends -- the servers that may hold mailboxes in our place: what
 * helpers.conf says of them (backends { servers }).
 */
#ifndef BACKENDS_H
#define BACKENDS_H

#include "conf.h"

#include <stddef.h>

/* A check of the conf's: "host:port" or "[2001:db8::1]:port".  0, or -1 with a
 * reason in why[size]. */
int backends_check(const char *value, char *why, size_t size);

/* Whether one of the servers is this one.  Host names are alike in any case. */
int backends_allow(
    const struct conf_list *servers, const char *host, unsigned port);

#endif

/*
 * service_listen -- the listeners that a conf asks for, over all its settings:
 * those of listen, then those of listen_tls, then those of each list of
 * listen_more, numbered from 0.
 */
#ifndef SERVICE_LISTEN_H
#define SERVICE_LISTEN_H

#include "service.h"

size_t service_listen_count(const struct service_settings *s);

/* The address of listener i, as the conf has it; borrowed. */
const char *service_listen_address(const struct service_settings *s, size_t i);

/* Which list listener i stands in: 0 for listen, 1 for listen_tls, 2 and so on
 * for those of listen_more. */
unsigned service_listen_list(const struct service_settings *s, size_t i);

/* Whether listener i begins with a handshake (RFC 8314 3). */
int service_listen_is_tls(const struct service_settings *s, size_t i);

/* Whether one of them has this address. */
int service_listen_has(const struct service_settings *s, const char *address);

#endif

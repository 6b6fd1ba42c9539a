/*
 * service_conf -- a reading of the conf: counted by who uses it, and carried
 * from the parent to the client process in a packet.
 *
 * The client process reads no file and parses no text: it gets the values that
 * the parent has read and checked, in the order of the table.
 */
#ifndef SERVICE_CONF_H
#define SERVICE_CONF_H

#include "conf.h"

struct packet;
struct tls_client;
struct tls_conf;

/* Immutable, and freed by whoever drops it last.  Any thread. */
struct service_conf;

/* Takes conf, and what it says of TLS with clients and with other servers
 * (NULL: nothing), over, for one user.  NULL where memory is out: all are
 * freed. */
struct service_conf *service_conf_new(const struct conf_spec *spec, void *conf,
    struct tls_conf *tls, struct tls_client *others);

/* The program's struct, borrowed as long as c is held. */
const void *service_conf_get(const struct service_conf *c);

/* Likewise, what it says of TLS, NULL where it has no certificate. */
struct tls_conf *service_conf_tls(const struct service_conf *c);

/* Likewise for other servers, NULL where it trusts no authority. */
struct tls_client *service_conf_others(const struct service_conf *c);

/* One user more; c itself. */
struct service_conf *service_conf_hold(struct service_conf *c);

/* One user less; sets *c to NULL.  NULL is none. */
void service_conf_drop(struct service_conf **c);

/* Adds all that the table names; errors are the packet's. */
void service_conf_put(
    struct packet *p, const struct conf_spec *spec, const void *conf);

/*
 * The fields that service_conf_put has added as a new struct, the caller's
 * (conf_free).  NULL where the packet is no such thing, or memory is out.
 */
void *service_conf_take(struct packet *p, const struct conf_spec *spec);

#endif

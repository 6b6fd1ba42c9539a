/*
 * service_client -- the client process of a service: workers that serve, and
 * two fibers that listen to the parent, one for signals, one for the conf.
 */
#ifndef SERVICE_CLIENT_H
#define SERVICE_CLIENT_H

#include "privileges.h"
#include "tls_files.h"

#include <stdint.h>

struct service;
struct service_listeners;

/* What it begins with; it is forked, so that all of it is its own copy. */
struct service_start {
	const struct service *service;
	struct privileges_place place;
	unsigned workers;
	int is_balanced;
	int control;	     /* its end of the pair */
	int admin;	     /* the socket of service_admin.h; -1: none */
	uint32_t generation; /* of this conf */
	void *conf;
	struct tls_files files; /* of the conf */
	struct service_listeners *listeners;
};

/* As super_child.run, with a struct service_start. */
int service_client_run(void *arg);

#endif

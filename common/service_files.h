/*
 * service_files -- the files of TLS that a service's conf names, as its parent
 * reads them and hands them to the client process.
 */
#ifndef SERVICE_FILES_H
#define SERVICE_FILES_H

#include "service.h"
#include "tls_files.h"

#include <stddef.h>

/*
 * Reads them, and makes of them what the client process will, to see that it
 * can.  0 with *files the caller's (tls_files_free), empty where the conf has
 * no TLS; -1 with a reason in why[size].
 */
int service_files_load(const struct service_settings *s,
    struct tls_files *files, char *why, size_t size);

#endif

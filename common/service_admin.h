/*
 * service_admin -- the sessions of a service, for mailctl: a socket of its own
 * for root, which the parent makes and the client process serves.
 *
 * It lies in a folder beside the run folder, since that one is the client
 * process's root directory: RUN.admin/sessions.  docs/helpers.md has the
 * requests.
 *
 * After an upgrade, old client processes serve theirs on, each under a name of
 * its own: RUN.admin/sessions.PID.
 */
#ifndef SERVICE_ADMIN_H
#define SERVICE_ADMIN_H

#include <stddef.h>
#include <sys/types.h>

/* Behind the run folder's path. */
#define SERVICE_ADMIN_FOLDER ".admin"
#define SERVICE_ADMIN_NAME   "sessions"

/*
 * In the parent: makes the folder where there is none, and listens.  old: the
 * client process that serves the socket which is there, 0 for none.  Names that
 * no old process has (super_old.h) are removed.  The descriptor, or -1 after a
 * log line: the service runs without it.
 */
int service_admin_listen(const char *run, pid_t old);

/* In the parent: an old process has ended. */
void service_admin_forget(const char *run, pid_t old);

/* In the parent, at its end. */
void service_admin_remove(const char *run);

/* On worker 0 of the client process, which has so many: serves the socket,
 * which becomes its own, until the worker stops. */
void service_admin_serve(int fd, unsigned workers);

#endif

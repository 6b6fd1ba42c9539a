/*
 * service_upgrade -- how a service's parent becomes the program that is
 * installed by now (super_exec.h), and nobody who connects notices: its
 * listening sockets stay open.
 *
 *	before	tries the program (-n); exec, with the sockets and what follows
 *	RINGMAIL_SOCKETS	"FD:" of one that the parent has opened,
 *"FD,NAME:" of one that it was passed (listen_given.h) RINGMAIL_WORKERS
 *how many; they share the sockets RINGMAIL_ACCEPT		1: balance
 *	RINGMAIL_OLD		client processes, which serve until a new one
 *does after	the new client process serves; the old ones are told (SIGUSR2)
 *to accept no more, and end after their last session (service_leave.h)
 */
#ifndef SERVICE_UPGRADE_H
#define SERVICE_UPGRADE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct service_listeners;

/*
 * Takes over what the program before this one has handed on.  1: *workers and
 * *is_balanced are what they were; 0: there is nothing; -1 with a reason in
 * why[size].  Before threads, and before the conf's listeners.
 */
int service_upgrade_take(
    unsigned *workers, int *is_balanced, char *why, size_t size);

/* The client process of the program before this one; 0: none is known. */
pid_t service_upgrade_client(void);

/* What the next program is to get. */
struct service_upgrade {
	const char *conf; /* path */
	const struct service_listeners *listeners;
	unsigned workers;
	int is_balanced;
	pid_t client; /* 0: there is none */
};

/*
 * In the parent: tries the program and becomes it.  Returns where that can't be
 * done, after a log line; all is as it was.  Waits some seconds at most.
 */
void service_upgrade_run(const struct service_upgrade *u);

/*
 * As super_hooks.tick: tells the old client processes to leave once the new one
 * is ready.  When to call it again at the latest.
 */
int64_t service_upgrade_tick(int is_ready);

#endif

/*
 * service_notify -- what the parent of a service tells the service manager
 * (sd_notify(3)): that it serves, reads its conf anew, ends, and that its
 * workers live.
 *
 * The workers of the client process say so themselves, in memory that they
 * share with the parent: a parent that is alive proves nothing.
 */
#ifndef SERVICE_NOTIFY_H
#define SERVICE_NOTIFY_H

#include <stdint.h>

/*
 * Sends state ("READY=1") to the socket that $NOTIFY_SOCKET names, if there is
 * one.  0, also where there is none; -1 with errno.  Does not wait.
 */
int service_notify(const char *state);

/* Makes the shared memory for this many workers, and reads $WATCHDOG_USEC.
 * Once, before the client process starts.  0, or -1 with errno. */
int service_notify_open(unsigned workers);

/* In the client process, before its workers start: none has said a thing. */
void service_notify_begin(void);

/* On a worker that serves from now on: says that it lives, now and as often as
 * the watchdog wants it, until the worker ends. */
void service_notify_live(void);

/* Likewise for a process with one worker: which of those that the memory is
 * for.  Nothing where there is no such memory (tests). */
void service_notify_live_as(unsigned number);

/* In such a process, as it starts: it does not serve yet. */
void service_notify_start_as(unsigned number);

/*
 * In the parent, as super_hooks.tick: says READY=1 once all workers serve, and
 * WATCHDOG=1 while none has been silent for the watchdog's time; started: when
 * the client process was, monotonic ns, 0 while there is none.  Returns when to
 * call it next.
 */
int64_t service_notify_tick(int64_t started);

/* In the parent: whether all workers of the client process serve. */
int service_notify_is_ready(void);

/* Before and after the conf is read anew.  Before the first READY=1 the manager
 * is told nothing of it. */
void service_notify_reloading(void);
void service_notify_reloaded(void);

#endif

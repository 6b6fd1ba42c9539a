/*
 * worker -- a kernel thread that runs fibers: an epoll set, timers, an inbox
 * for wake-ups from other threads with an eventfd as its doorbell.
 */
#ifndef WORKER_H
#define WORKER_H

#include <signal.h>
#include <stdint.h>

/* How many workers a process may have. */
#define WORKER_MAX 256

/*
 * Runs count workers (1 to WORKER_MAX; 0 means one for each core that the
 * process may use).  The calling thread is worker 0; the others are started
 * here with all signals blocked but those of faults, which go to a handler that
 * says where they were (worker_fault.h).  Each runs main(arg) as its first
 * fiber.
 * Returns 0 after worker_stop, when every fiber of every worker has ended; -1
 * with errno where a worker could not be set up, and then ran nothing.
 */
int worker_run(unsigned count, void (*main)(void *), void *arg);

/*
 * Ends all workers: cancels all their fibers, has worker_run return when the
 * last one has ended.  Any fiber may call it, and any thread that knows
 * worker_run to be running.  Idempotent.
 */
void worker_stop(void);

/* Whether worker_stop was called: from then on, while fibers may not have been
 * cancelled yet. */
int worker_is_stopping(void);

/* The calling worker's number, from 0; -1 on a thread that is none. */
int worker_index(void);

/* How many workers run. */
unsigned worker_count(void);

/*
 * Waits for one of the blocked signals of set: a fiber of worker 0 turns them
 * into straight-line code.  Returns the signal's number, or -1 with errno as
 * ring_wait.  The set must be blocked (sigprocmask) before worker_run.  A
 * process has one fiber that calls this, always with the same set.
 */
int worker_signal(const sigset_t *set, int64_t deadline);

#endif

/*
 * worker_fault -- what a worker says before a fault of the program ends its
 * process: where that was, in which fiber, and whether a stack was too small.
 *
 * The kernel ends the process all the same, and may leave a core.
 */
#ifndef WORKER_FAULT_H
#define WORKER_FAULT_H

#include <signal.h>

/* Octets of the stack that the handler runs on. */
#define WORKER_FAULT_STACK 16384

/*
 * Notes where the program and its libraries lie, so that the handler need not
 * ask, and has the process's faults go to it.  0, or -1 with errno.  Does
 * nothing under the sanitizers, which have handlers of their own.
 */
int worker_fault_begin(void);

/*
 * Has faults of the calling thread use stack, of WORKER_FAULT_STACK octets,
 * which stays the caller's, until worker_fault_leave.  0, or -1 with errno.
 */
int worker_fault_enter(void *stack);
void worker_fault_leave(void);

/*
 * Takes the signals of faults out of a set that is to be blocked: the kernel
 * ends a thread that blocks them without any word, the handler's or its own.
 */
void worker_fault_spare(sigset_t *set);

#endif

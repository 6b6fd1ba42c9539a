/*
 * fiber -- a thread of control that costs a kilobyte or two.
 *
 * A fiber runs on the worker (worker.h) that spawned it and never moves.  It
 * keeps the worker until it waits: in a ring (ring.h), or in a call built on
 * one.  All fibers of one worker may therefore share data without a lock, as
 * long as they do not wait in the middle of a change.
 *
 * Errors of waits: a cancelled fiber gets -1 with errno ECANCELED from each
 * wait from then on, at once, and unwinds by returning through its clean-ups.
 */
#ifndef FIBER_H
#define FIBER_H

#include <stddef.h>
#include <stdint.h>

struct fiber;

/* How long a fiber's name may be, its NUL included; longer ones are cut. */
#define FIBER_NAME_MAX 24

/*
 * Makes a fiber that runs main(arg) on this worker, from the next time that
 * the calling fiber waits.  It is detached: it frees itself when main returns.
 * name is copied.  Returns 0, or -1 with errno ENOMEM.  Does not wait.
 */
int fiber_spawn(const char *name, void (*main)(void *), void *arg);

/*
 * As fiber_spawn, but the caller owns the fiber and must hand it to fiber_join
 * exactly once.  NULL with errno ENOMEM.
 */
struct fiber *fiber_start(const char *name, void (*main)(void *), void *arg);

/*
 * Waits until *f has ended, frees it and sets *f to NULL.  Returns 0; -1 with
 * errno ETIMEDOUT at the deadline, or ECANCELED where the caller was cancelled
 * (then *f is still there and still the caller's).  Same worker only.
 */
int fiber_join(struct fiber **f, int64_t deadline);

/*
 * Cancels a fiber: its wait, if it is in one, and all further ones fail with
 * ECANCELED.  Any thread may call it as long as f is not yet joined.
 * Idempotent.  Does not wait.
 */
void fiber_cancel(struct fiber *f);

/* The fiber that runs; NULL on a thread that is no worker. */
struct fiber *fiber_self(void);

/* The running fiber's name, "-" outside of any. */
const char *fiber_name(void);

/* Whether the running fiber was cancelled. */
int fiber_cancelled(void);

/*
 * While on, waits of the running fiber ignore its cancellation: for clean-ups
 * that must wait.  Nests: each on needs an off.
 */
void fiber_shield(int on);

/* Lets each other runnable fiber of the worker run once. */
void fiber_yield(void);

/*
 * Fiber-local storage: the value that this fiber set under this key (0 to
 * FIBER_KEYS - 1; keys are given out in fiber_keys below), NULL at first.
 */
enum fiber_key { FIBER_KEY_SESSION, FIBER_KEY_TEST, FIBER_KEYS };
void *fiber_local(enum fiber_key key);
void fiber_set_local(enum fiber_key key, void *value);

/*
 * The stack that fibers get from now on, octets, rounded up to whole pages
 * (16 KiB to 8 MiB; the default is 128 KiB of address space, of which only
 * touched pages cost memory).
 */
void fiber_set_stack_size(size_t size);

/* This worker's fibers that have not ended. */
size_t fiber_count(void);

#endif

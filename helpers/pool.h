/*
 * pool -- accounts' way to the processes that hash (hasher.c): who waits for
 * one, in which order.
 *
 * A flood of bad logins must not delay the good ones.  So whoever logged in to
 * this account from this network before comes first, then those of whom no
 * failure is known, and then the rest, the fewest failures first (delay_rank).
 * One network has one process at a time, save those known, and those with
 * failures never have all of them.  Where the queue is full, the last one goes.
 *
 * What nobody waits for (pool_call_idle) has a process only while no login
 * wants one, and leaves one for the next that comes, where there are several.
 */
#ifndef POOL_H
#define POOL_H

#include "packet.h"

#include <stdint.h>

struct delay;
struct delay_who;
struct pool;

/*
 * Opens the way over these sockets (connected; the pool's from now on, also on
 * failure), on the calling worker.  At most queue calls wait.  delay is
 * borrowed for as long as the pool lives.  NULL with errno.
 */
struct pool *pool_open(
    const int *sockets, unsigned count, unsigned queue, struct delay *delay);

/* Ends it; no call may be under way.  Sets *pool to NULL. */
void pool_close(struct pool **pool);

/*
 * Has a process answer request, whose reply fills reply (the caller frees
 * both).  who: whose login it is; NULL: an administrator's, who comes first.
 * A process that died meanwhile is asked anew.  Waits.  Returns 0, or -1 with
 * errno EAGAIN (there are too many), or as device_call.
 */
int pool_call(struct pool *pool, const struct delay_who *who,
    struct packet *request, struct packet *reply, int64_t deadline);

/*
 * As pool_call, for work that has time: it comes after every login, does not
 * take the last idle process of several, and is the first to go where the queue
 * is full.
 */
int pool_call_idle(struct pool *pool, struct packet *request,
    struct packet *reply, int64_t deadline);

/* How many wait, and how many are being answered. */
unsigned pool_pending(const struct pool *pool);

#endif

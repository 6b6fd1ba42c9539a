/*
 * rate -- how much of something each of many kinds (the messages of an address,
 * of a user) may have a minute, over all workers of a process.  Any thread; a
 * lock is held for some comparisons, and never while anybody waits.
 *
 * Each kind may take a minute's worth at once, and then as much as time gives
 * back.  The memory is fixed: where very many kinds come in a minute, those
 * that took least are forgotten.
 */
#ifndef RATE_H
#define RATE_H

#include <stddef.h>
#include <stdint.h>

struct rate;

/* An empty one, for the life of the process.  NULL with errno. */
struct rate *rate_open(void);

/*
 * One more of key (length octets) at `now` (monotonic ns), of which a minute
 * gives `limit` (1 or more).  0, or -1 where it has none left: then it takes
 * nothing.
 */
int rate_take(struct rate *r, const void *key, size_t length, unsigned limit,
    int64_t now);

#endif

/*
 * meter_read -- the reader's side of meter.h: memory that another process
 * counts in.  What stands there is whatever that process wrote: numbers, and
 * nothing but numbers is taken from it.
 */
#ifndef METER_READ_H
#define METER_READ_H

#include "meter.h"

struct meter_view {
	const char *memory; /* NULL: none */
	unsigned sets;
	uint64_t device, inode; /* tell memory from memory */
};

/*
 * Maps fd, which stays the caller's, for reading.  0, or -1 with errno EBADMSG:
 * it is no memory of so many sets that stays as large as it is.
 */
int meter_view_open(struct meter_view *v, int fd, unsigned sets);

/* Idempotent. */
void meter_view_close(struct meter_view *v);

/* Its set number i. */
const struct meter_set *meter_view_set(const struct meter_view *v, unsigned i);

/* Whether a process lives that counts in memory, or may start one that does:
 * the parent that has made it. */
int meter_is_kept(int fd);

/* Adds each cell of all its sets to values[METER_CELLS]. */
void meter_view_sum(const struct meter_view *v, uint64_t *values);

/* Adds those of one set. */
void meter_set_sum(const struct meter_set *set, uint64_t *values);

/* Sets those that are gauges to 0: of a process that is no more. */
void meter_clear_gauges(uint64_t *values);

/* Likewise those below 0: a process was caught between the changes of two of
 * its threads. */
void meter_lift_gauges(uint64_t *values);

/* In a parent, between meter_share and its first child: takes over what was
 * counted in memory of as many sets, by processes that are no more.  fd stays
 * the caller's.  0, or -1 with EBADMSG where it is no such memory. */
int meter_inherit(int fd);

#endif

/*
 * clock -- time as every deadline in ringmail counts it: nanoseconds in an
 * int64_t.  Deadlines are absolute points of the monotonic clock, so that a
 * call made of several waits hands the same one down to each.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

#define CLOCK_MILLISECOND INT64_C(1000000)
#define CLOCK_SECOND	  INT64_C(1000000000)
/* A deadline that never comes. */
#define CLOCK_NEVER INT64_MAX

/* The monotonic clock now, in ns.  Never fails, never waits. */
int64_t clock_now(void);

/*
 * The deadline that lies ns nanoseconds (0 or more) ahead; CLOCK_NEVER where
 * the sum would overflow.
 */
int64_t clock_after(int64_t ns);

/* The wall clock now, in ns since 1970 (UTC).  May jump; never a deadline. */
int64_t clock_wall(void);

#endif

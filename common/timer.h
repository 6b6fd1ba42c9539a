/*
 * timer -- deadlines of one worker in a 4-ary heap: arming and disarming cost
 * O(log n), the next deadline costs nothing, a million of them are fine.
 */
#ifndef TIMER_H
#define TIMER_H

#include <stddef.h>
#include <stdint.h>

struct timer {
	size_t place; /* index in the heap and 1; 0 while not armed */
};

struct timer_slot {
	int64_t deadline;
	struct timer *timer;
};

struct timers {
	struct timer_slot *heap;
	size_t count, room;
};

/*
 * Makes room for count timers, so that arming can't fail later.  Returns 0, or
 * -1 with errno ENOMEM.
 */
int timer_reserve(struct timers *ts, size_t count);

/* Arms t (not armed; room was reserved for it). */
void timer_arm(struct timers *ts, struct timer *t, int64_t deadline);

/* Disarms t, if it is armed. */
void timer_disarm(struct timers *ts, struct timer *t);

/* The next deadline, CLOCK_NEVER if none is armed. */
int64_t timer_next(const struct timers *ts);

/* The timer with the earliest deadline if that is not after now, disarmed;
 * else NULL. */
struct timer *timer_expire(struct timers *ts, int64_t now);

/* Frees the heap.  No timer may be armed. */
void timer_free(struct timers *ts);

#endif

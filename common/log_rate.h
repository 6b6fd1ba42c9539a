/*
 * log_rate -- how many lines an event may have in a second, and how many more
 * it would have had.  No lock; any thread.
 */
#ifndef LOG_RATE_H
#define LOG_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An event, and its lines that were not written. */
struct log_rate_left {
	const char *event;
	uint64_t count;
};

/*
 * Whether one more line of event (a string constant: it is kept) may be written
 * at now (clock_now) where rate lines a second may; 0: any number.  Where not,
 * it was counted.
 */
bool log_rate_take(const char *event, int64_t rate, int64_t now);

/* Whether lines were left out in a second that is over.  One caller alone is
 * told, and goes through log_rate_next. */
bool log_rate_is_due(int64_t now);

/* The next event that lost lines since the last time, from *at (0 at first) on;
 * false: that was all. */
bool log_rate_next(size_t *at, struct log_rate_left *left);

#endif

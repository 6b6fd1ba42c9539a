/*
 * metrics_park -- where the metrics helper leaves what was handed to it, for
 * the one that comes after it: a message with the descriptors, which lies in a
 * pair of sockets that their parent keeps.
 */
#ifndef METRICS_PARK_H
#define METRICS_PARK_H

#include <stddef.h>
#include <stdint.h>

#define METRICS_PARK_MOST 128

struct metrics_parked {
	uint32_t role, sets;
	int fd;
};

/* Leaves these n (METRICS_PARK_MOST at most), and nothing else; the descriptors
 * stay the caller's.  0, or -1 with errno: nothing lies there.  Does not wait.
 */
int metrics_park_put(
    const int pair[2], const struct metrics_parked *parked, size_t n);

/* Takes what lies there to to[METRICS_PARK_MOST], descriptors the caller's; how
 * many. */
size_t metrics_park_take(const int pair[2], struct metrics_parked *to);

#endif

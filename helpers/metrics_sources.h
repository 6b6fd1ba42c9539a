/*
 * metrics_sources -- whose counters there are: the helpers', which lie in
 * memory of their parent, and those of client processes, which hand theirs over
 * (WIRE_METER).
 *
 * A client process that is started anew counts on in the memory of its parent.
 * Where the parent is a new one, so is its memory: what the old one had is
 * added to sets of ours (fleet.h), that our parent keeps, and so a counter goes
 * on, whichever one of smtpd, pop3d and metrics was started anew.
 */
#ifndef METRICS_SOURCES_H
#define METRICS_SOURCES_H

#include "meter.h"
#include "server.h"
#include "wire.h"

#include <stddef.h>

/* What processes of one name have counted. */
struct metrics_sum {
	char process[16];
	unsigned parts; /* enum meter_part */
	int is_client;
	int is_up; /* of smtpd and pop3d: one has its memory handed over */
	uint64_t values[METER_CELLS];
};

/* Of all names at most. */
#define METRICS_SUMS (2 + 8 + WIRE_HELPERS_MAX)

/*
 * Takes memory of so many sets over from who has this role; fd stays the
 * caller's.  *peer gets what stands for it until metrics_sources_gone.  0, or
 * -1: it is no such memory, or there are too many.
 */
int
metrics_sources_take(enum server_role role, int fd, uint32_t sets, void **peer);
void metrics_sources_gone(void *peer);

/* Sums up all counters into to[METRICS_SUMS]; their count. */
size_t metrics_sources_sum(struct metrics_sum *to);

#endif

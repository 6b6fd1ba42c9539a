/*
 * metrics_sources -- whose counters there are: the helpers', which lie in
 * memory of their parent, and those of client processes, which hand theirs over
 * (WIRE_METER).
 *
 * A client process that is started anew counts on in the memory of its parent.
 * Where the parent is a new one, so is its memory: what the old one had is
 * added to sets of ours (fleet.h), that our parent keeps, and so a counter goes
 * on, whichever one of smtpd, pop3d and metrics was started anew.  It is added
 * once nobody counts there any more or will (meter_is_kept).
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
	/* One had, some time: else the values lack what it has counted. */
	int is_known;
	uint64_t values[METER_CELLS];
};

/* Of all names at most. */
#define METRICS_SUMS (2 + 8 + WIRE_HELPERS_MAX)

/*
 * Takes memory of so many sets over from who has this role, and fd.  *peer gets
 * what stands for it until metrics_sources_gone.  0, or -1: it is no such
 * memory, or there are too many.
 */
int
metrics_sources_take(enum server_role role, int fd, uint32_t sets, void **peer);
void metrics_sources_gone(void *peer);

/* Whether a process of this role has its memory handed over now. */
int metrics_sources_is_up(enum server_role role);

/* Of how many services there is memory, or was. */
int metrics_sources_known(void);

/* First of all: takes what the process before us had (metrics_park.h). */
void metrics_sources_begin(const int park_pair[2]);

/* Now and then: keeps what was counted by those that are no more, and were so
 * the last time. */
void metrics_sources_tidy(void);

/* Sums up all counters into to[METRICS_SUMS]; their count. */
size_t metrics_sources_sum(struct metrics_sum *to);

#endif

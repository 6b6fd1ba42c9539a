/*
 * metrics_past -- the last ten minutes of what the page shows: a sample of all
 * counters now and then.  Of one process's life, and since a service has handed
 * its counters over for the first time.
 */
#ifndef METRICS_PAST_H
#define METRICS_PAST_H

#include "clock.h"
#include "meter.h"

#include <stdint.h>

#define METRICS_PAST_STEP (5 * CLOCK_SECOND)
/* Samples that are kept: one more than steps of ten minutes. */
#define METRICS_PAST 121

/* What the page shows of. */
struct metrics_sample {
	int64_t at;				       /* monotonic ns */
	uint64_t sessions[2], begun[2];		       /* smtpd, pop3d */
	uint64_t accepted, retrieved, logins, refused; /* counters */
	uint64_t in, out;			       /* octets */
	/* Requests of smtpd and pop3d, by enum meter_helper. */
	uint64_t pending[METER_HELPERS], lost[METER_HELPERS];
	uint64_t request[METER_HELPERS][METER_HISTOGRAM];
	uint64_t commit[METER_HISTOGRAM], batch[METER_HISTOGRAM];
	uint64_t queued, waiting;
	uint64_t journal_used, journal_size;
};

/* Takes a sample; METRICS_PAST_STEP after the last one, or sooner. */
void metrics_past_step(void);

/* Forgets all samples, and takes one: what was counted before is no step. */
void metrics_past_begin(void);

/* How many there are. */
unsigned metrics_past_count(void);

/* The sample so many steps ago, 0: the last one. */
const struct metrics_sample *metrics_past_get(unsigned ago);

/* What a counter has grown between two samples; 0 where it fell: who counts
 * there is not what he was. */
uint64_t metrics_past_grown(uint64_t now, uint64_t before);

/*
 * The bound (in a first bound's unit) below which so many of 1,000 values are
 * that a histogram has got between two samples; 0: it got none.  UINT64_MAX:
 * it is above all bounds.
 */
uint64_t metrics_past_quantile(const uint64_t *now, const uint64_t *before,
    unsigned per_mille, uint64_t first);

#endif

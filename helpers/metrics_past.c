#include "metrics_past.h"

#include "meter_table.h"
#include "metrics_sources.h"

#include <string.h>

static struct {
	struct metrics_sample samples[METRICS_PAST];
	unsigned count, next;
} own;

static void
add_cells(uint64_t *to, const uint64_t *from, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		to[i] += from[i];
}

static void
add_client(struct metrics_sample *to, const struct metrics_sum *sum)
{
	unsigned which = sum->parts == METER_POP3D;
	const uint64_t *v = sum->values;

	to->sessions[which] = v[METER_SESSIONS];
	to->begun[which] = v[METER_SESSIONS_TOTAL];
	to->accepted += v[METER_MESSAGES + METER_GOOD];
	to->retrieved += v[METER_RETRIEVED];
	to->refused += v[METER_REFUSED] + v[METER_EVICTED];
	to->in += v[METER_OCTETS_IN];
	to->out += v[METER_OCTETS_OUT];
	for (unsigned m = 0; m < METER_MECHANISMS; m++)
		to->logins += v[METER_LOGINS + m * METER_RESULTS + METER_GOOD];
	for (unsigned h = 0; h < METER_HELPERS; h++) {
		to->pending[h] += v[METER_PENDING + h];
		to->lost[h] += v[METER_LOST + h];
		add_cells(to->request[h],
		    v + METER_REQUEST + (size_t)h * METER_HISTOGRAM,
		    METER_HISTOGRAM);
	}
	add_cells(to->commit, v + METER_COMMIT_TIME, METER_HISTOGRAM);
}

static void
add_helper(struct metrics_sample *to, const uint64_t *v)
{
	add_cells(to->batch, v + METER_BATCH, METER_HISTOGRAM);
	to->queued += v[METER_QUEUED];
	to->waiting += v[METER_WAITING];
	to->journal_used += v[METER_JOURNAL_USED];
	to->journal_size += v[METER_JOURNAL_SIZE];
}

void
metrics_past_step(void)
{
	static struct metrics_sum sums[METRICS_SUMS];
	size_t count = metrics_sources_sum(sums);
	struct metrics_sample *to = &own.samples[own.next];

	memset(to, 0, sizeof(*to));
	to->at = clock_now();
	for (size_t i = 0; i < count; i++)
		if (sums[i].is_client)
			add_client(to, &sums[i]);
		else
			add_helper(to, sums[i].values);
	own.next = (own.next + 1) % METRICS_PAST;
	if (own.count < METRICS_PAST)
		own.count++;
}

void
metrics_past_begin(void)
{
	own.count = 0;
	metrics_past_step();
}

unsigned
metrics_past_count(void)
{
	return own.count;
}

const struct metrics_sample *
metrics_past_get(unsigned ago)
{
	return &own.samples[(own.next + 2 * METRICS_PAST - 1 - ago) %
			    METRICS_PAST];
}

uint64_t
metrics_past_grown(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

uint64_t
metrics_past_quantile(const uint64_t *now, const uint64_t *before,
    unsigned per_mille, uint64_t first)
{
	uint64_t total = 0, seen = 0;

	for (unsigned i = 0; i <= METER_BOUNDS; i++)
		total += metrics_past_grown(now[i], before[i]);
	for (unsigned i = 0; i < METER_BOUNDS && total > 0; i++) {
		seen += metrics_past_grown(now[i], before[i]);
		if (seen * 1000 >= total * per_mille)
			return first << i;
	}
	return total > 0 ? UINT64_MAX : 0;
}

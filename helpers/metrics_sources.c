#include "metrics_sources.h"

#include "fleet.h"
#include "log.h"
#include "meter_read.h"
#include "meter_table.h"

#include <stdio.h>
#include <string.h>

/* Memory at a time: two services, with an old process of each that ends. */
#define SOURCES 8

struct source {
	struct meter_view view; /* memory NULL: the place is free */
	enum server_role role;
	unsigned peers; /* connections of whoever counts in it */
};

static struct source sources[SOURCES];

static struct meter_set *
past_of(enum server_role role)
{
	return meter_at(role == ROLE_SMTPD ? SET_SMTPD_PAST : SET_POP3D_PAST);
}

/* Nobody counts there any more: keeps what was counted, and lets it go. */
static void
fold(struct source *s)
{
	struct meter_set *past = past_of(s->role);
	uint64_t values[METER_CELLS] = {0};

	meter_view_sum(&s->view, values);
	meter_clear_gauges(values);
	for (unsigned c = 0; past != NULL && c < METER_CELLS; c++)
		atomic_store_explicit(&past->cells[c],
		    atomic_load_explicit(
			&past->cells[c], memory_order_relaxed) +
			values[c],
		    memory_order_relaxed);
	meter_view_close(&s->view);
}

/* A free place, NULL for none. */
static struct source *
find_place(enum server_role role)
{
	struct source *found = NULL;

	for (unsigned i = 0; i < SOURCES; i++) {
		struct source *s = &sources[i];

		if (s->view.memory != NULL && s->role == role && s->peers == 0)
			fold(s);
		if (s->view.memory == NULL)
			found = s;
	}
	return found;
}

static struct source *
find_same(enum server_role role, const struct meter_view *v)
{
	for (unsigned i = 0; i < SOURCES; i++)
		if (sources[i].view.memory != NULL && sources[i].role == role &&
		    sources[i].view.device == v->device &&
		    sources[i].view.inode == v->inode)
			return &sources[i];
	return NULL;
}

int
metrics_sources_take(enum server_role role, int fd, uint32_t sets, void **peer)
{
	struct meter_view view;
	struct source *s;

	if (*peer != NULL || meter_view_open(&view, fd, sets) == -1)
		return -1;
	if ((s = find_same(role, &view)) != NULL) {
		meter_view_close(&view);
	} else if ((s = find_place(role)) != NULL) {
		*s = (struct source){.view = view, .role = role};
	} else {
		meter_view_close(&view);
		return -1;
	}
	s->peers++;
	*peer = s;
	log_debug("metrics.source", log_int("role", role),
	    log_int("sets", sets), log_int("peers", s->peers));
	return 0;
}

void
metrics_sources_gone(void *peer)
{
	struct source *s = peer;

	s->peers--;
}

static void
sum_client(struct metrics_sum *to, enum server_role role, const char *name,
    unsigned part)
{
	const struct meter_set *past = past_of(role);

	*to = (struct metrics_sum){.parts = part, .is_client = 1};
	snprintf(to->process, sizeof(to->process), "%s", name);
	for (unsigned i = 0; i < SOURCES; i++)
		if (sources[i].role == role && sources[i].peers > 0) {
			to->is_up = 1;
			meter_view_sum(&sources[i].view, to->values);
		}
	if (past != NULL)
		meter_set_sum(past, to->values);
	for (unsigned i = 0; i < SOURCES; i++) {
		uint64_t values[METER_CELLS] = {0};

		if (sources[i].role != role || sources[i].peers > 0)
			continue;
		meter_view_sum(&sources[i].view, values);
		meter_clear_gauges(values);
		for (unsigned c = 0; c < METER_CELLS; c++)
			to->values[c] += values[c];
	}
}

static unsigned
parts_of(int helper)
{
	if (helper >= MAILBOX)
		return METER_HELPER | METER_ASKS | METER_MAILBOXES;
	if (helper == ACCOUNTS)
		return METER_HELPER | METER_ASKS | METER_ACCOUNTS_PART;
	return METER_HELPER;
}

/* The sum of a helper's name, which is made where it has none yet. */
static struct metrics_sum *
sum_of(struct metrics_sum *to, size_t *count, int helper)
{
	const char *name = fleet_name(helper);
	size_t i;

	for (i = 0; i < *count; i++)
		if (strcmp(to[i].process, name) == 0)
			return &to[i];
	if (*count == METRICS_SUMS)
		return NULL;
	to[i] = (struct metrics_sum){.parts = parts_of(helper)};
	snprintf(to[i].process, sizeof(to[i].process), "%s", name);
	++*count;
	return &to[i];
}

size_t
metrics_sources_sum(struct metrics_sum *to)
{
	size_t count = 2;

	sum_client(&to[0], ROLE_SMTPD, "smtpd", METER_SMTPD);
	sum_client(&to[1], ROLE_POP3D, "pop3d", METER_POP3D);
	for (unsigned set = 0; set < SETS; set++) {
		int helper = fleet_helper_of(set);
		const struct meter_set *cells = meter_at(set);
		struct metrics_sum *sum;

		/* One that was never started has counted nothing. */
		if (helper == -1 || cells == NULL ||
		    atomic_load_explicit(&cells->cells[METER_STARTS],
			memory_order_relaxed) == 0 ||
		    (sum = sum_of(to, &count, helper)) == NULL)
			continue;
		meter_set_sum(cells, sum->values);
	}
	return count;
}

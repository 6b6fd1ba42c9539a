#include "metrics_sources.h"

#include "fleet.h"
#include "log.h"
#include "meter_read.h"
#include "meter_table.h"
#include "metrics_park.h"
#include "super_old.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SERVICES 2

/* Memory at a time, of a service: its client process's, and that of old ones
 * which end after an upgrade. */
#define PLACES (SUPER_OLD_MAX + 1)

struct source {
	struct meter_view view; /* memory NULL: the place is free */
	int fd;
	unsigned peers; /* connections of whoever counts in it */
	int is_over;	/* nobody does, nor will */
	struct service *service;
};

static struct service {
	enum server_role role;
	const char *name;
	unsigned part, past; /* the number of its set in our memory */
	int is_known;
} services[SERVICES] = {
    {.role = ROLE_SMTPD,
	.name = "smtpd",
	.part = METER_SMTPD,
	.past = SET_SMTPD_PAST},
    {.role = ROLE_POP3D,
	.name = "pop3d",
	.part = METER_POP3D,
	.past = SET_POP3D_PAST},
};

static struct source sources[SERVICES * PLACES];
static struct source *const sources_end =
    sources + sizeof(sources) / sizeof(sources[0]);
_Static_assert(sizeof(sources) / sizeof(sources[0]) <= METRICS_PARK_MOST,
    "all can be left");
static int pair[2] = {-1, -1}; /* metrics_park.h */

static struct source *
first_of(const struct service *v)
{
	return sources + (v - services) * PLACES;
}

/* Keeps what was counted where nobody counts any more, and lets it go. */
static void
fold(struct source *s)
{
	struct meter_set *past = meter_at(s->service->past);
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
	close(s->fd);
}

/* For the next process of ours. */
static void
park(void)
{
	struct metrics_parked all[SERVICES * PLACES];
	size_t n = 0;

	for (struct source *s = sources; s < sources_end; s++)
		if (s->view.memory != NULL)
			all[n++] = (struct metrics_parked){
			    s->service->role, s->view.sets, s->fd};
	if (pair[0] != -1 && metrics_park_put(pair, all, n) == -1)
		log_warn("metrics.park", log_errno(errno));
}

/* Whoever is no more may have left a connection that we have not seen yet: it
 * is seen by the next time, and then folding counts nothing twice. */
void
metrics_sources_tidy(void)
{
	int is_less = 0;

	for (struct source *s = sources; s < sources_end; s++) {
		if (s->view.memory == NULL)
			continue;
		if (s->peers > 0 || meter_is_kept(s->fd)) {
			s->is_over = 0;
		} else if (!s->is_over) {
			s->is_over = 1;
		} else {
			fold(s);
			is_less = 1;
		}
	}
	if (is_less)
		park();
}

/* The place of this memory, or a free one; NULL for none. */
static struct source *
find_place(const struct service *v, const struct meter_view *view)
{
	struct source *found = NULL, *s = first_of(v);

	for (unsigned i = 0; i < PLACES; i++, s++) {
		if (s->view.memory == NULL)
			found = s;
		else if (s->view.device == view->device &&
			 s->view.inode == view->inode)
			return s;
	}
	return found;
}

/* Takes fd over; where its memory is, NULL for nowhere. */
static struct source *
take(enum server_role role, int fd, uint32_t sets)
{
	struct service *v = &services[role == ROLE_POP3D];
	struct meter_view view;
	struct source *s;

	if (meter_view_open(&view, fd, sets) == -1) {
		close(fd);
		return NULL;
	}
	s = find_place(v, &view);
	if (s != NULL && s->view.memory == NULL) {
		*s = (struct source){.view = view, .fd = fd, .service = v};
		v->is_known = 1;
	} else {
		meter_view_close(&view);
		close(fd);
	}
	return s;
}

int
metrics_sources_take(enum server_role role, int fd, uint32_t sets, void **peer)
{
	struct source *s;

	if (*peer != NULL) {
		close(fd);
		return -1;
	}
	if ((s = take(role, fd, sets)) == NULL)
		return -1;
	park();
	s->peers++;
	s->is_over = 0;
	*peer = s;
	log_debug("metrics.source", log_text("process", s->service->name),
	    log_int("sets", sets), log_int("peers", s->peers));
	return 0;
}

void
metrics_sources_gone(void *peer)
{
	struct source *s = peer;

	s->peers--;
}

void
metrics_sources_begin(const int park_pair[2])
{
	struct metrics_parked parked[METRICS_PARK_MOST];
	size_t n;

	memcpy(pair, park_pair, sizeof(pair));
	n = metrics_park_take(pair, parked);
	for (size_t i = 0; i < n; i++)
		take(parked[i].role, parked[i].fd, parked[i].sets);
	park();
}

int
metrics_sources_known(void)
{
	return services[0].is_known + services[1].is_known;
}

static int
is_up(const struct service *v)
{
	for (const struct source *s = first_of(v); s < first_of(v) + PLACES;
	     s++)
		if (s->peers > 0)
			return 1;
	return 0;
}

int
metrics_sources_is_up(enum server_role role)
{
	return is_up(&services[role == ROLE_POP3D]);
}

static void
sum_service(struct metrics_sum *to, const struct service *v)
{
	const struct meter_set *past = meter_at(v->past);
	uint64_t values[METER_CELLS];

	*to = (struct metrics_sum){.parts = v->part,
	    .is_client = 1,
	    .is_up = is_up(v),
	    .is_known = v->is_known};
	snprintf(to->process, sizeof(to->process), "%s", v->name);
	if (past != NULL)
		meter_set_sum(past, to->values);
	for (unsigned i = 0; i < PLACES; i++) {
		const struct source *s = first_of(v) + i;

		if (s->view.memory == NULL)
			continue;
		memset(values, 0, sizeof(values));
		meter_view_sum(&s->view, values);
		if (s->peers == 0)
			meter_clear_gauges(values);
		meter_lift_gauges(values);
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
	to[i] = (struct metrics_sum){.parts = parts_of(helper), .is_known = 1};
	snprintf(to[i].process, sizeof(to[i].process), "%s", name);
	++*count;
	return &to[i];
}

size_t
metrics_sources_sum(struct metrics_sum *to)
{
	size_t count = 0;

	for (; count < SERVICES; count++)
		sum_service(&to[count], &services[count]);
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

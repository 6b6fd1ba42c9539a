#include "service_crowd.h"

#include "clock.h"
#include "fiber.h"
#include "log.h"
#include "meter.h"
#include "service.h"
#include "tally.h"

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

/* Counts of addresses, which share one by chance.  A power of 2. */
#define KINS 65536

/* Sessions that are looked at for one that is turned away: the longest unlooked
 * at, so that all have their turn. */
#define LOOKED_AT 256

/* Points. */
#define FOR_ERROR    10
#define FOR_SECOND   1
#define FOR_SIBLING  5
#define MOST_ERRORS  100
#define MOST_SECONDS 600
#define MOST_KIN     200
/* What a login or mail is worth: seconds of silence. */
#define PROVEN 120
/* So much less must one deserve than who comes. */
#define MARGIN 2

static struct {
	uint64_t seed;
	atomic_uint kins[KINS];
} own;

/* The worker's sessions: those that were looked at last are the last. */
static _Thread_local struct {
	struct service_standing *first, **end;
} crowd;

unsigned
service_crowd_step(unsigned sessions, int64_t most)
{
	int64_t step = most > 0 ? (int64_t)sessions * 8 / most : 0;

	return step < 8 ? (unsigned)step : 8;
}

int64_t
service_crowd_timeout(int64_t timeout, unsigned step, int is_proven)
{
	static const int64_t parts[] = {1, 1, 1, 1, 2, 4, 8, 16, 32};
	int64_t part = parts[step < 8 ? step : 8];

	if (part > 1 && is_proven)
		part /= 2;
	return timeout / part;
}

static int64_t
at_most(int64_t value, int64_t most)
{
	return value < most ? value : most;
}

int64_t
service_crowd_points(
    const struct service_standing *s, unsigned siblings, int64_t now)
{
	int64_t silence = (now - s->heard) / CLOCK_SECOND;
	int64_t points = FOR_ERROR * at_most(s->errors, MOST_ERRORS);

	points += FOR_SECOND * at_most(silence, MOST_SECONDS);
	if (siblings > 1)
		points += FOR_SIBLING * at_most(siblings - 1, MOST_KIN);
	return s->is_proven ? points - PROVEN : points;
}

int64_t
service_patience(const struct service_client *c,
    const struct service_settings *settings, int64_t timeout)
{
	return service_crowd_timeout(timeout,
	    service_crowd_step(service_sessions(), settings->sessions),
	    c->standing.is_proven);
}

void
service_heard(struct service_client *c, unsigned errors, int is_proven)
{
	c->standing.heard = clock_now();
	c->standing.errors = errors;
	c->standing.is_proven = is_proven;
}

void
service_crowd_begin(void)
{
	/* Who chooses his address can't choose with whom he is counted. */
	if (getrandom(&own.seed, sizeof(own.seed), 0) != sizeof(own.seed))
		own.seed = (uint64_t)clock_now();
}

/* The count of an address; 0: none, as this machine's own programs speak for
 * many. */
static unsigned
kin_of(const union listen_address *peer)
{
	unsigned char key[TALLY_ADDRESS];
	uint64_t hash = own.seed;
	size_t length;

	if (listen_is_loopback(peer))
		return 0;
	length = tally_address(peer, key);
	for (size_t i = 0; i < length; i++) {
		hash = (hash ^ key[i]) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	return 1 + (unsigned)(hash >> 32) % (KINS - 1);
}

static unsigned
siblings_of(unsigned kin)
{
	return kin == 0
		   ? 0
		   : atomic_load_explicit(&own.kins[kin], memory_order_relaxed);
}

static void
count_for(struct service_standing *s, unsigned kin)
{
	if (s->kin != 0)
		atomic_fetch_sub(&own.kins[s->kin], 1);
	if (kin != 0)
		atomic_fetch_add(&own.kins[kin], 1);
	s->kin = kin;
}

void
service_is_for(struct service_client *c, const union listen_address *peer)
{
	if (c->standing.link != NULL)
		count_for(&c->standing, kin_of(peer));
}

static void
put_last(struct service_standing *s)
{
	if (crowd.end == NULL)
		crowd.end = &crowd.first;
	s->next = NULL;
	s->link = crowd.end;
	*crowd.end = s;
	crowd.end = &s->next;
}

static void
take_out(struct service_standing *s)
{
	*s->link = s->next;
	if (s->next != NULL)
		s->next->link = s->link;
	else
		crowd.end = s->link;
	s->link = NULL;
}

void
service_crowd_enter(struct service_client *c)
{
	struct service_standing *s = &c->standing;

	s->fiber = fiber_self();
	s->began = s->heard = clock_now();
	put_last(s);
	count_for(s, kin_of(&c->peer));
}

void
service_crowd_leave(struct service_client *c)
{
	struct service_standing *s = &c->standing;

	if (s->link != NULL)
		take_out(s);
	count_for(s, 0);
}

/* Whose standing it is. */
static struct service_client *
client_of(struct service_standing *s)
{
	return (struct service_client *)(void *)((char *)s -
						 offsetof(struct service_client,
						     standing));
}

void
service_crowd_each(void (*see)(struct service_client *c, void *arg), void *arg)
{
	for (struct service_standing *s = crowd.first; s != NULL; s = s->next)
		see(client_of(s), arg);
}

void
service_crowd_drop(struct service_client *c)
{
	c->standing.is_dropped = 1;
	/* A handshake, which another worker does, hears of no cancellation. */
	shutdown(c->fd, SHUT_RD);
	fiber_cancel(c->standing.fiber);
}

/* The least deserving of those that are looked at, and its points. */
static struct service_standing *
find_least(int64_t now, int64_t *most)
{
	struct service_standing *s, *least = NULL, *last = NULL;
	int64_t points;

	for (unsigned i = 0; i < LOOKED_AT; i++) {
		s = crowd.first;
		if (s == NULL || s == last)
			break;
		if (last == NULL)
			last = s;
		take_out(s);
		put_last(s);
		if (s->is_kept || s->is_turned_away)
			continue;
		points = service_crowd_points(s, siblings_of(s->kin), now);
		if (least == NULL || points > *most) {
			least = s;
			*most = points;
		}
	}
	return least;
}

int
service_crowd_make_room(const union listen_address *peer)
{
	const struct service_standing new = {.heard = clock_now()};
	struct service_standing *least;
	const struct service_client *c;
	int64_t most = 0, limit;

	limit = service_crowd_points(
		    &new, siblings_of(kin_of(peer)) + 1, new.heard) +
		MARGIN;
	least = find_least(new.heard, &most);
	if (least == NULL || most <= limit)
		return -1;
	least->is_turned_away = 1;
	meter_add(METER_EVICTED, 1);
	c = client_of(least);
	log_info("client.turned_away", log_id("session", c->id),
	    log_text("client", c->address), log_int("points", most),
	    log_int("errors", least->errors),
	    log_int(
		"silent_ms", (new.heard - least->heard) / CLOCK_MILLISECOND),
	    log_int("siblings", siblings_of(least->kin)));
	/* A handshake, which another worker does, hears of no cancellation. */
	shutdown(c->fd, SHUT_RD);
	fiber_cancel(least->fiber);
	return 0;
}

void
service_crowd_refuse(int fd, int is_tls, const char *busy, const char *why)
{
	log_warn("client.refused", log_text("reason", why));
	meter_add(METER_REFUSED, 1);
	/* A new connection's buffer is empty, so this is sent whole; where it
	 * is not, the peer has gone, which is what was wanted. */
	if (!is_tls && send(fd, busy, strlen(busy), MSG_NOSIGNAL) != -1)
		shutdown(fd, SHUT_WR);
	close(fd);
}

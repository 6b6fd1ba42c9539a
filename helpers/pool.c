#include "pool.h"

#include "clock.h"
#include "delay.h"
#include "device.h"
#include "log.h"
#include "meter.h"
#include "ring.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* After whoever has failed how often. */
#define RANK_IDLE UINT_MAX

/* A call that waits for its turn, or has it; on its caller's stack. */
struct turn {
	const struct delay_who *who;
	int is_idle;	  /* work that has time */
	uint64_t number;  /* who came first */
	struct ring ring; /* its own, to eat no one else's notification */
	enum { TURN_WAITS, TURN_COME, TURN_LOST } state;
	unsigned process; /* TURN_COME */
};

struct pool {
	struct delay *delay;
	unsigned count, running, waiting, queue;
	uint64_t numbers;
	struct device **devices;
	struct turn **turns; /* of each process, NULL where it is idle */
	struct turn **line;  /* who waits, in no order */
};

static struct pool *
make_pool(unsigned count, unsigned queue, struct delay *delay)
{
	struct pool *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->delay = delay;
	p->queue = queue;
	p->devices = calloc(count, sizeof(struct device *));
	p->turns = calloc(count, sizeof(struct turn *));
	p->line = calloc(queue, sizeof(struct turn *));
	if (p->devices == NULL || p->turns == NULL || p->line == NULL)
		pool_close(&p);
	return p;
}

struct pool *
pool_open(
    const int *sockets, unsigned count, unsigned queue, struct delay *delay)
{
	struct pool *p = make_pool(count, queue, delay);
	unsigned used;

	for (used = 0; p != NULL && used < count; used++) {
		struct device *d = device_attach("hasher", sockets[used], 2);

		if (d != NULL)
			p->devices[p->count++] = d;
		else
			pool_close(&p);
	}
	if (p == NULL)
		while (used < count)
			close(sockets[used++]);
	return p;
}

void
pool_close(struct pool **pp)
{
	struct pool *p = *pp;
	int code = errno;

	if (p == NULL)
		return;
	*pp = NULL;
	while (p->count > 0)
		device_close(&p->devices[--p->count]);
	free(p->devices);
	free(p->turns);
	free(p->line);
	free(p);
	errno = code;
}

static unsigned
rank_of(const struct pool *p, const struct turn *t)
{
	if (t->is_idle)
		return RANK_IDLE;
	return t->who == NULL ? 0 : delay_rank(p->delay, t->who);
}

/* Whether a comes after b. */
static int
is_after(unsigned a_rank, const struct turn *a, unsigned b_rank,
    const struct turn *b)
{
	return a_rank != b_rank ? a_rank > b_rank : a->number > b->number;
}

/* Whether nobody waits but those who have time, and no process is needed for
 * the next login: what runs can't be stopped. */
static int
is_calm(const struct pool *p)
{
	for (unsigned i = 0; i < p->waiting; i++)
		if (!p->line[i]->is_idle)
			return 0;
	return p->count == 1 || p->running + 1 < p->count;
}

/* Whether one of this rank may have a process now. */
static int
may_run(const struct pool *p, const struct turn *t, unsigned rank)
{
	unsigned suspect = 0, i;

	if (rank == 0)
		return 1;
	if (t->is_idle)
		return is_calm(p);
	for (i = 0; i < p->count; i++) {
		const struct turn *other = p->turns[i];

		if (other == NULL || other->who == NULL)
			continue;
		if (memcmp(other->who->network, t->who->network,
			DELAY_TAG_SIZE) == 0)
			return 0;
		suspect += delay_rank(p->delay, other->who) > 1;
	}
	return rank == 1 || p->count == 1 || suspect + 1 < p->count;
}

static void
leave(struct pool *p, const struct turn *t)
{
	for (unsigned i = 0; i < p->waiting; i++)
		if (p->line[i] == t) {
			p->line[i] = p->line[--p->waiting];
			meter_sub(METER_WAITING, 1);
			return;
		}
}

/* Gives idle processes to those whose turn it is. */
static void
grant(struct pool *p)
{
	struct turn *best;
	unsigned i, rank, best_rank = 0, process;

	while (p->running < p->count) {
		best = NULL;
		for (i = 0; i < p->waiting; i++) {
			rank = rank_of(p, p->line[i]);
			if ((best == NULL ||
				is_after(best_rank, best, rank, p->line[i])) &&
			    may_run(p, p->line[i], rank)) {
				best = p->line[i];
				best_rank = rank;
			}
		}
		if (best == NULL)
			return;
		for (process = 0; p->turns[process] != NULL;)
			process++;
		leave(p, best);
		p->turns[process] = best;
		p->running++;
		best->process = process;
		best->state = TURN_COME;
		ring_notify(&best->ring);
	}
}

/* Room in a full queue: the last one goes, unless t itself comes after it. */
static int
push_out(struct pool *p, const struct turn *t)
{
	struct turn *last = p->line[0];
	unsigned last_rank = rank_of(p, last), rank, i;

	for (i = 1; i < p->waiting; i++) {
		rank = rank_of(p, p->line[i]);
		if (is_after(rank, p->line[i], last_rank, last)) {
			last = p->line[i];
			last_rank = rank;
		}
	}
	if (last_rank <= rank_of(p, t))
		return -1;
	leave(p, last);
	last->state = TURN_LOST;
	ring_notify(&last->ring);
	return 0;
}

/* Waits for a process: 0, or -1 with errno. */
static int
take_turn(struct pool *p, struct turn *t, int64_t deadline)
{
	t->number = p->numbers++;
	t->state = TURN_WAITS;
	ring_init(&t->ring);
	if (p->waiting == p->queue && push_out(p, t) == -1) {
		errno = EAGAIN;
		return -1;
	}
	p->line[p->waiting++] = t;
	meter_add(METER_WAITING, 1);
	grant(p);
	while (t->state == TURN_WAITS)
		if (ring_wait(&t->ring, deadline) == -1 &&
		    t->state == TURN_WAITS) {
			leave(p, t);
			return -1;
		}
	if (t->state == TURN_COME)
		return 0;
	errno = EAGAIN;
	return -1;
}

static void
end_turn(struct pool *p, const struct turn *t)
{
	p->turns[t->process] = NULL;
	p->running--;
	grant(p);
}

static int
call(struct pool *p, struct turn *t, struct packet *request,
    struct packet *reply, int64_t deadline)
{
	struct device *d;
	int64_t now;
	int result;

	if (take_turn(p, t, deadline) == -1)
		return -1;
	if ((now = clock_now()) >= deadline) {
		end_turn(p, t);
		errno = ETIMEDOUT;
		return -1;
	}
	d = p->devices[t->process];
	/* A process that dies loses what it was at, and says nothing. */
	result = device_call(d, request, reply, 0, now + (deadline - now) / 2);
	if (result == -1 && errno == ETIMEDOUT) {
		log_warn("pool.again", log_int("process", t->process));
		result = device_call(d, request, reply, 0, deadline);
	}
	now = errno;
	end_turn(p, t);
	errno = (int)now;
	return result;
}

int
pool_call(struct pool *p, const struct delay_who *who, struct packet *request,
    struct packet *reply, int64_t deadline)
{
	struct turn t = {.who = who};

	return call(p, &t, request, reply, deadline);
}

int
pool_call_idle(struct pool *p, struct packet *request, struct packet *reply,
    int64_t deadline)
{
	struct turn t = {.is_idle = 1};

	return call(p, &t, request, reply, deadline);
}

unsigned
pool_pending(const struct pool *p)
{
	return p->waiting + p->running;
}

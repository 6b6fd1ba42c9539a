#include "rate.h"

#include "clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Powers of 2.  16 octets an entry: 1 MiB in all. */
#define SHARDS	64
#define SETS	256
#define ENTRIES 4 /* of a set */
#define MINUTE	(60 * CLOCK_SECOND)

/* `due` is when the kind will have all of its minute back. */
struct entry {
	uint64_t hash;
	int64_t due;
};

struct shard {
	_Alignas(64) pthread_mutex_t lock;
	struct entry sets[SETS][ENTRIES];
};

struct rate {
	uint64_t seed;
	struct shard shards[SHARDS];
};

struct rate *
rate_open(void)
{
	struct rate *r = aligned_alloc(64, sizeof(*r));

	if (r == NULL)
		return NULL;
	memset(r, 0, sizeof(*r));
	/* Who chooses his keys can't choose their places. */
	if (getrandom(&r->seed, sizeof(r->seed), 0) != sizeof(r->seed))
		r->seed = (uint64_t)clock_now();
	for (size_t i = 0; i < SHARDS; i++)
		pthread_mutex_init(&r->shards[i].lock, NULL);
	return r;
}

static uint64_t
hash_of(const struct rate *r, const unsigned char *key, size_t length)
{
	uint64_t hash = r->seed;

	for (size_t i = 0; i < length; i++) {
		hash = (hash ^ key[i]) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	return hash ^ hash >> 32;
}

/* The kind's entry, or the one of its set that has most of its minute back. */
static struct entry *
find(struct entry *set, uint64_t hash)
{
	struct entry *least = set;

	for (size_t i = 0; i < ENTRIES; i++) {
		if (set[i].hash == hash)
			return &set[i];
		if (set[i].due < least->due)
			least = &set[i];
	}
	*least = (struct entry){.hash = hash};
	return least;
}

int
rate_take(
    struct rate *r, const void *key, size_t length, unsigned limit, int64_t now)
{
	uint64_t hash = hash_of(r, key, length);
	struct shard *s = &r->shards[hash % SHARDS];
	int64_t step = MINUTE / limit, due;
	struct entry *e;
	int result = -1;

	pthread_mutex_lock(&s->lock);
	e = find(s->sets[hash / SHARDS % SETS], hash);
	due = (e->due > now ? e->due : now) + step;
	if (due - now <= MINUTE) {
		e->due = due;
		result = 0;
	}
	pthread_mutex_unlock(&s->lock);
	return result;
}

#include "tally.h"

#include "clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Powers of 2. */
#define SHARDS	64
#define BUCKETS 256

struct kind {
	struct kind *next;
	uint64_t hash;
	unsigned count;
	size_t length;
	unsigned char key[];
};

struct shard {
	_Alignas(64) pthread_mutex_t lock;
	struct kind *buckets[BUCKETS];
	size_t kinds;
};

struct tally {
	uint64_t seed;
	struct shard shards[SHARDS];
};

struct tally *
tally_open(void)
{
	struct tally *t = aligned_alloc(64, sizeof(*t));

	if (t == NULL)
		return NULL;
	memset(t, 0, sizeof(*t));
	/* Who chooses his keys can't choose their places. */
	if (getrandom(&t->seed, sizeof(t->seed), 0) != sizeof(t->seed))
		t->seed = (uint64_t)clock_now();
	for (size_t i = 0; i < SHARDS; i++)
		pthread_mutex_init(&t->shards[i].lock, NULL);
	return t;
}

static uint64_t
hash_of(const struct tally *t, const unsigned char *key, size_t length)
{
	uint64_t hash = t->seed;

	for (size_t i = 0; i < length; i++) {
		hash = (hash ^ key[i]) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	return hash ^ hash >> 32;
}

static struct kind **
find(struct shard *s, uint64_t hash, const void *key, size_t length)
{
	struct kind **at = &s->buckets[hash / SHARDS % BUCKETS];

	while (*at != NULL && ((*at)->hash != hash || (*at)->length != length ||
				  memcmp((*at)->key, key, length) != 0))
		at = &(*at)->next;
	return at;
}

/* With the lock held: 0, or an errno. */
static int
take(struct shard *s, uint64_t hash, const void *key, size_t length,
    unsigned limit)
{
	struct kind **at = find(s, hash, key, length), *k = *at;

	if (k != NULL) {
		if (k->count >= limit)
			return EBUSY;
		k->count++;
		return 0;
	}
	if (limit == 0)
		return EBUSY;
	if (length > TALLY_KEY_MAX || (k = malloc(sizeof(*k) + length)) == NULL)
		return ENOMEM;
	*k = (struct kind){.hash = hash, .count = 1, .length = length};
	memcpy(k->key, key, length);
	*at = k;
	s->kinds++;
	return 0;
}

int
tally_take(struct tally *t, const void *key, size_t length, unsigned limit)
{
	uint64_t hash = hash_of(t, key, length);
	struct shard *s = &t->shards[hash % SHARDS];
	int error;

	pthread_mutex_lock(&s->lock);
	error = take(s, hash, key, length, limit);
	pthread_mutex_unlock(&s->lock);
	errno = error;
	return error == 0 ? 0 : -1;
}

void
tally_give(struct tally *t, const void *key, size_t length)
{
	uint64_t hash = hash_of(t, key, length);
	struct shard *s = &t->shards[hash % SHARDS];
	struct kind **at, *k;

	pthread_mutex_lock(&s->lock);
	at = find(s, hash, key, length);
	k = *at;
	if (k != NULL && --k->count == 0) {
		*at = k->next;
		s->kinds--;
		free(k);
	}
	pthread_mutex_unlock(&s->lock);
}

size_t
tally_kinds(struct tally *t)
{
	size_t kinds = 0;

	for (size_t i = 0; i < SHARDS; i++) {
		pthread_mutex_lock(&t->shards[i].lock);
		kinds += t->shards[i].kinds;
		pthread_mutex_unlock(&t->shards[i].lock);
	}
	return kinds;
}

size_t
tally_address(
    const union listen_address *address, unsigned char key[TALLY_ADDRESS])
{
	const unsigned char *host = address->in6.sin6_addr.s6_addr;

	memset(key, 0, TALLY_ADDRESS);
	if (address->any.sa_family == AF_INET6 &&
	    !IN6_IS_ADDR_V4MAPPED(&address->in6.sin6_addr)) {
		key[0] = 6;
		memcpy(key + 1, host, 8);
		return TALLY_ADDRESS;
	}
	key[0] = 4;
	if (address->any.sa_family == AF_INET6)
		memcpy(key + 1, host + 12, 4);
	else if (address->any.sa_family == AF_INET)
		memcpy(key + 1, &address->in.sin_addr, 4);
	return 5;
}

size_t
tally_network(const unsigned char *address, size_t length,
    unsigned char key[TALLY_ADDRESS])
{
	/* With the octet that says which kind it is. */
	size_t kept = length == TALLY_ADDRESS ? 7 : 4;

	if (kept > length)
		kept = length;
	memcpy(key, address, kept);
	return kept;
}

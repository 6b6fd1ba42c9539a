#include "keyring.h"

#include "clock.h"
#include "log.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
keyring_open(struct keyring *r)
{
	*r = (struct keyring){.owner = geteuid()};
	r->keys = calloc(KEYRING_MAX, sizeof(*r->keys));
	return r->keys != NULL ? 0 : -1;
}

void
keyring_close(struct keyring *r)
{
	for (size_t i = 0; i < r->count; i++)
		EVP_PKEY_free(r->keys[i].key.key);
	free(r->keys);
	*r = (struct keyring){.keys = NULL};
}

/* Where the key of this name is, or would be. */
static size_t
place_of(const struct keyring *r, const unsigned char *name)
{
	size_t low = 0, high = r->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (memcmp(r->keys[middle].key.name, name, KEYS_NAME) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct keyring_key *
keyring_find(const struct keyring *r, const unsigned char name[KEYS_NAME])
{
	size_t at = place_of(r, name);

	return at < r->count &&
		       memcmp(r->keys[at].key.name, name, KEYS_NAME) == 0
		   ? &r->keys[at]
		   : NULL;
}

static void
remove_at(struct keyring *r, size_t at)
{
	EVP_PKEY_free(r->keys[at].key.key);
	r->count--;
	memmove(&r->keys[at], &r->keys[at + 1],
	    (r->count - at) * sizeof(r->keys[0]));
}

/* Of those that are old, the first that would go.  0: there is none. */
static int
make_room(struct keyring *r)
{
	size_t first = r->count;

	for (size_t i = 0; i < r->count; i++)
		if (r->keys[i].gone != CLOCK_NEVER &&
		    (first == r->count ||
			r->keys[i].until < r->keys[first].until))
			first = i;
	if (first == r->count)
		return 0;
	remove_at(r, first);
	return 1;
}

/* The key becomes the ring's. */
static int
insert(struct keyring *r, const struct key *k)
{
	size_t at;

	if (r->count == KEYRING_MAX && !make_room(r)) {
		EVP_PKEY_free(k->key);
		log_error(
		    "keys.too_many", log_int("most", (int64_t)KEYRING_MAX));
		return 0;
	}
	at = place_of(r, k->name);
	memmove(&r->keys[at + 1], &r->keys[at],
	    (r->count - at) * sizeof(r->keys[0]));
	r->count++;
	r->keys[at] = (struct keyring_key){.key = *k,
	    .is_found = 1,
	    .gone = CLOCK_NEVER,
	    .until = CLOCK_NEVER};
	return 1;
}

void
keyring_begin(struct keyring *r)
{
	for (size_t i = 0; i < r->count; i++)
		r->keys[i].is_found = 0;
}

int
keyring_add(struct keyring *r, const struct key *k)
{
	struct keyring_key *known = keyring_find(r, k->name);

	if (known == NULL)
		return insert(r, k);
	EVP_PKEY_free(k->key);
	known->is_found = 1;
	known->gone = known->until = CLOCK_NEVER;
	return 1;
}

int
keyring_take(void *keyring, const char *name, int fd)
{
	struct keyring *r = keyring;
	struct key k;

	return keys_file_read(fd, name, r->owner, &k) && keyring_add(r, &k);
}

void
keyring_end(struct keyring *r, int64_t keep)
{
	for (size_t i = 0; i < r->count; i++) {
		struct keyring_key *k = &r->keys[i];

		if (k->is_found || k->gone != CLOCK_NEVER)
			continue;
		k->gone = clock_now();
		k->until = clock_after(keep);
	}
}

size_t
keyring_old(const struct keyring *r)
{
	size_t count = 0;

	for (size_t i = 0; i < r->count; i++)
		count += r->keys[i].gone != CLOCK_NEVER;
	return count;
}

int64_t
keyring_expire(struct keyring *r)
{
	int64_t now = clock_now(), next = CLOCK_NEVER;
	size_t i = 0;

	while (i < r->count)
		if (r->keys[i].until <= now) {
			remove_at(r, i);
		} else {
			if (r->keys[i].until < next)
				next = r->keys[i].until;
			i++;
		}
	return next;
}

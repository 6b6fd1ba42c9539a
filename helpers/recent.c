#include "recent.h"

void
recent_add(struct recent *r, uint64_t key)
{
	r->keys[r->next] = key;
	r->next = (r->next + 1) % RECENT_MAX;
}

void
recent_remove(struct recent *r, uint64_t key)
{
	size_t i;

	for (i = 0; i < RECENT_MAX; i++)
		if (r->keys[i] == key)
			r->keys[i] = 0;
}

int
recent_has(const struct recent *r, uint64_t key)
{
	size_t i;

	if (key == 0)
		return 0;
	for (i = 0; i < RECENT_MAX; i++)
		if (r->keys[i] == key)
			return 1;
	return 0;
}
